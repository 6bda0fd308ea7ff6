//! Reads the conformance data, which is not part of the repository.

use std::path::PathBuf;

use serde_json::Value;

/// Reads a JSON file of the data; `None`, with a note, where the data is absent.
pub(crate) fn read(name: &str) -> Option<Value> {
    let root = std::env::var_os("TREEHERDER_CONFORMANCE_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")),
        PathBuf::from,
    );
    let path = root.join(name);
    if !root.is_dir() {
        eprintln!("skipped: no conformance data at {}", root.display());
        return None;
    }
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_slice(&text).unwrap())
}
