//! Real logs with their expected results, where they lie.

use std::path::PathBuf;

/// Returns a folder of the conformance data, `None` (with a message) when it is absent.
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TREEHERDER_CONFORMANCE_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no conformance data at {}", folder.display());
    None
}

/// Reads every `*.log.gz` with its expected result.
pub fn logs() -> Vec<(String, Vec<u8>, serde_json::Value)> {
    let Some(folder) = folder("logs") else { return Vec::new() };
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file_name = path.file_name().unwrap().to_str().unwrap();
        let Some(name) = file_name.strip_suffix(".log.gz") else { continue };
        let expected = std::fs::read(path.with_file_name(format!("{name}.expected.json"))).unwrap();
        logs.push((
            name.to_owned(),
            std::fs::read(&path).unwrap(),
            serde_json::from_slice(&expected).unwrap(),
        ));
    }
    logs.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!logs.is_empty(), "a conformance folder without logs");
    logs
}
