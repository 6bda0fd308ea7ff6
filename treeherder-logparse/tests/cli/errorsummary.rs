//! Structured error summaries.

use serde_json::json;

use crate::support::{gzip, objects, run_with_input, status, stderr, stdout};

const ERROR_SUMMARY: &str = r#"{"action": "test_groups", "line": 1, "groups": ["a.toml", "b.toml"]}
{"action": "test_result", "line": 12, "test": "a.html", "subtest": "adds", "status": "FAIL", "expected": "PASS", "message": "3 != 4\nstack"}
{"action": "log", "line": 14, "level": "ERROR", "message": "no memory"}
{"action": "crash", "line": 20, "test": "b.html", "signature": "@ boom"}
{"action": "party", "line": 21}
{"action": "group_result", "line": 30, "group": "a.toml", "status": "ERROR", "duration": 12345}
{"action": "group_result", "line": 31, "group": "b.toml", "status": "OK", "duration": 10}
"#;

#[test]
fn error_summaries_are_told_as_logs_are() {
    let expected = "\
<stdin>:2: FAIL (expected PASS) a.html | adds: 3 != 4
<stdin>:3: ERROR: no memory
<stdin>:4: CRASH b.html: @ boom
<stdin>:6: ERROR group a.toml (12 s)
";
    for input in [ERROR_SUMMARY.as_bytes().to_vec(), gzip(ERROR_SUMMARY)] {
        let output = run_with_input(&["--errorsummary"], &input);
        let told = "logparse: <stdin>:5: unknown action \"party\"\n";
        assert_eq!((stdout(&output), stderr(&output), status(&output)), (expected, told, 1));
    }
    let output = run_with_input(&["--errorsummary", "--max-errors", "1"], ERROR_SUMMARY.as_bytes());
    assert!(stdout(&output).contains("\n<stdin>:3: CUT OFF: no memory\n<stdin>:6: "), "{}", stdout(&output));
    let good = run_with_input(&["--errorsummary"], ERROR_SUMMARY.lines().next().unwrap().as_bytes());
    assert_eq!((stdout(&good), stderr(&good), status(&good)), ("", "", 0));
}

#[test]
fn an_error_summary_in_json_has_its_failure_lines_and_groups() {
    let output = run_with_input(&["--errorsummary", "--format", "json"], ERROR_SUMMARY.as_bytes());
    let object = &objects(&output)[0];
    let failures = object["failure_lines"].as_array().unwrap();
    assert_eq!(failures.len(), 3);
    assert_eq!((&failures[0]["test"], &failures[0]["message"]), (&json!("a.html"), &json!("3 != 4\nstack")));
    assert_eq!(
        (&object["group_results"][0]["status"], &object["group_results"][1]["group"]),
        (&json!("ERROR"), &json!("b.toml"))
    );
    assert_eq!(object["problems"], json!([{"linenumber": 4, "message": "unknown action \"party\""}]));
    assert_eq!(
        (&object["source"], &object["lines"], &object["bytes"]),
        (&json!("-"), &json!(7), &json!(ERROR_SUMMARY.len()))
    );
    assert_eq!((&object["truncated"], object.get("error"), status(&output)), (&json!(false), None, 1));
}

#[test]
fn a_broken_error_summary_is_told_with_its_line() {
    let broken = ERROR_SUMMARY.replace("{\"action\": \"crash\"", "{\"action\" \"crash\"");
    let output = run_with_input(&["--errorsummary"], broken.as_bytes());
    assert_eq!(stdout(&output).lines().count(), 2, "what came before is told");
    assert!(stderr(&output).starts_with("logparse: <stdin>: line 4 (at byte "), "{}", stderr(&output));
    assert_eq!(status(&output), 2);
    let output = run_with_input(&["--errorsummary", "--format=json"], broken.as_bytes());
    assert!(objects(&output)[0]["error"].as_str().is_some_and(|error| error.starts_with("line 4 ")));
    let output = run_with_input(&["--errorsummary", "--rules", "pytest"], b"");
    assert_eq!(status(&output), 2, "rules are for logs");
}
