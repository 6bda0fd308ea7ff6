//! The `treeherder` binary; all of it is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    treeherder_service::main()
}
