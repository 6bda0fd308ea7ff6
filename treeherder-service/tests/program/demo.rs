//! The demo ingests everything it sends, as its own plan says.

use serde_json::Value;
use treeherder_testdata::scenario::Scenario;

use crate::support::Place;

#[test]
fn the_first_burst_arrives_as_planned() {
    let place = Place::new();
    std::fs::write(place.file("treeherder.sqlite"), b"a user's data").unwrap();
    let output =
        place.run(&["demo", "--once", "--size", "small", "--format", "json", "--listen", "127.0.0.1:0"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    });
    assert_eq!(summary["differences"], serde_json::json!([]), "{text}");
    assert_eq!(summary["complete"], true);
    assert_eq!(output.status.code(), Some(0));
    let expected = Scenario::small().expected();
    for (name, number) in [
        ("messages", expected.messages),
        ("pushes", expected.pushes),
        ("jobs", expected.total_jobs()),
        ("logs", expected.logs_parsed),
        ("failure_lines", expected.failure_lines),
        ("error_summary_lines", expected.summary_lines),
        ("group_results", expected.group_results),
        ("performance_data", expected.data_points),
    ] {
        assert_eq!(summary[name], number, "{name}");
    }
    assert!(summary["dead_letters"].as_u64().unwrap() >= expected.dead_letters);
    assert!(summary["decoded_bytes"].as_u64() > summary["compressed_bytes"].as_u64());
    assert!(summary["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    // Nothing but the demo's own folder was touched.
    assert_eq!(std::fs::read(place.file("treeherder.sqlite")).unwrap(), b"a user's data");

    // What it leaves can be looked at with the other commands.
    let folder = place.file("demo");
    let folder = folder.to_str().unwrap();
    let jobs = place.json(&["jobs", "--data-dir", folder, "--limit", "2000", "--format", "json"]);
    assert_eq!(jobs.as_array().unwrap().len() as u64, expected.total_jobs());
    let failed = jobs.as_array().unwrap().iter().find(|job| job["result"] == "testfailed").unwrap();
    let id = failed["id"].to_string();
    let failures = place.json(&["failures", "--data-dir", folder, &id, "--format", "json"]);
    assert_eq!(failures["job"]["id"], failed["id"]);
    let text = place.text(&[
        "failures",
        "--data-dir",
        folder,
        "--repository",
        failed["repository"].as_str().unwrap(),
    ]);
    assert!(text.lines().count() > 1, "{text}");
}
