//! The `treeherder` binary; all of it is in the library beside it.

use std::process::ExitCode;

/// Messages, jobs and answers are made of many short texts: taking and freeing them was a sixth of the processor time of a worker
/// with glibc's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    treeherder_service::main()
}
