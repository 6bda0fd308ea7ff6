//! Clients in Python, installed by `scripts/install-clients`.

use std::path::PathBuf;

/// Finds a program of the virtual environment; `None` after saying why there is none.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../.clients/bin");
    let folder = std::env::var_os("TREEHERDER_CLIENTS").map_or_else(|| folder.into(), PathBuf::from);
    let program = folder.join(name);
    if program.exists() {
        return Some(program);
    }
    assert!(
        std::env::var_os("TREEHERDER_REQUIRE_SERVICES").is_none(),
        "TREEHERDER_REQUIRE_SERVICES is set, but {} is not there: run scripts/install-clients",
        program.display()
    );
    println!("skipped: the clients are not installed, see scripts/install-clients");
    None
}
