use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::data;

fn conformance(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TREEHERDER_CONFORMANCE_DIR").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance").into(),
        PathBuf::from,
    );
    let folder = root.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

/// The expected performance objects of each log, by the path of the results.
fn expected_results() -> Vec<(PathBuf, Vec<Value>)> {
    let Some(folder) = conformance("logs") else { return Vec::new() };
    let mut results = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.to_string_lossy().ends_with(".expected.json") {
            let text = fs::read(&path).expect("the file can be read");
            let expected: Value = serde_json::from_slice(&text).expect("it is JSON");
            let objects = expected["performance_data"].as_array().expect("it is a list");
            results.push((path, objects.clone()));
        }
    }
    assert!(results.iter().any(|(_, objects)| objects.len() > 1), "the folder has results");
    results.sort_by(|one, other| one.0.cmp(&other.0));
    results
}

#[test]
fn objects_of_real_logs_are_valid_and_stay_as_they_are() {
    for (path, objects) in expected_results() {
        for object in objects {
            let data = data(&format!("12:00:00 INFO - PERFHERDER_DATA: {object}"));
            let written: Value = serde_json::from_str(&serde_json::to_string(&data).unwrap()).unwrap();
            assert_eq!(written, object, "{}", path.display());
        }
    }
}

#[cfg(feature = "gzip")]
#[test]
fn real_logs_give_the_expected_objects() {
    use std::io::{BufRead, BufReader};

    use treeherder_logparse::perf::{self, Outcome};

    for (path, objects) in expected_results() {
        let log = path.to_string_lossy().replace(".expected.json", ".log.gz");
        let mut lines = BufReader::new(flate2::read::MultiGzDecoder::new(fs::File::open(&log).unwrap()));
        let mut found = Vec::new();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).unwrap() > 0 {
            match perf::parse_line(&line) {
                Outcome::NotPerformanceData => {}
                Outcome::Data(data) => {
                    found
                        .push(serde_json::from_str::<Value>(&serde_json::to_string(&data).unwrap()).unwrap());
                }
                Outcome::Problem(problem) => panic!("{log}: {problem}"),
            }
            line.clear();
        }
        assert_eq!(found, objects, "{log}");
    }
}
