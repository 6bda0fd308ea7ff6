use serde_json::{Value, json};
use treeherder_logparse::perf::{self, Outcome, PerformanceData, ProblemKind};

use super::{GOOD, data, parse, problem};

#[test]
fn lines_are_taken_or_ignored_as_in_the_table() {
    for line in [
        format!("PERFHERDER_DATA: {GOOD}"),
        format!("PERFORMANCE_DATA: {GOOD}"),
        format!("[task 2026-01-01] 12:00:00 INFO - PERFHERDER_DATA:\t\u{1f} {GOOD}\r"),
        format!("PERFHERDER_DATA: {GOOD} and more"),
        format!("a PERFHERDER_DATA: b PERFHERDER_DATA: {GOOD}"),
    ] {
        assert_eq!(data(&line).suites[0].name, "s", "{line}");
    }
    assert_eq!(parse(&format!("PERFHERDER_DATA:{GOOD}")), Outcome::NotPerformanceData, "no white space");
    assert_eq!(parse("PERFHERDER_DATA: none today"), Outcome::NotPerformanceData);
    let late_brace = problem(&format!("PERFHERDER_DATA: {GOOD} }}"));
    assert!(matches!(late_brace.kind, ProblemKind::Syntax { offset: 72, .. }), "{late_brace}");
    assert_eq!(problem("PERFHERDER_DATA: {oh no}").to_string(), "not JSON: expected a string at byte 1");
    assert_eq!(problem("PERFHERDER_DATA: { }").kind, ProblemKind::Empty);
    assert_eq!(problem("PERFHERDER_DATA: {}").to_string(), "empty performance data");
}

#[test]
fn everything_known_is_typed_and_everything_else_is_kept() {
    let text = r#"{
        "framework": {"name": "browsertime", "more": null},
        "application": {"name": "firefox", "version": "130.0", "channel": "nightly"},
        "os": {"name": "linux", "platform_version": "22.04", "kernel": 6},
        "pushTimestamp": 1700000000,
        "mine": [1.50, {"a": "\ud83d"}],
        "suites": [{
            "name": "amazon", "publicName": "Amazon", "tags": ["a-1"], "extraOptions": ["cold", "fission"],
            "value": 3, "unit": "ms", "replicates": [1, 2.0, 3e0], "lowerIsBetter": true, "shouldAlert": false,
            "monitor": true, "alertThreshold": 2, "alertSeverity": "critical", "alertChangeType": "absolute",
            "minBackWindow": 3.0, "maxBackWindow": 12, "foreWindow": 255, "alertNotifyEmails": ["a@example.org"],
            "type": "pageload",
            "subtests": [
                {"name": "fcp", "publicName": "FCP", "value": -0.5, "unit": "s", "lowerIsBetter": false, "shouldAlert": true,
                 "alertChangeType": "percentage", "alertThreshold": 0.25, "alertSeverity": "normal", "minBackWindow": 1.5,
                 "maxBackWindow": 2, "foreWindow": 3, "replicates": [1, 2], "base": {"x": 1}},
                {"name": "odd", "value": 18446744073, "replicates": "none"}
            ]
        }]
    }"#;
    let data = perf::parse_json(text.as_bytes()).unwrap();
    let written: Value = serde_json::from_str(&serde_json::to_string(&data).unwrap()).unwrap();
    let expected: Value = serde_json::from_str(&text.replace(r"\ud83d", r"\ufffd")).unwrap();
    assert_eq!(written, expected);
    assert_eq!(data.push_timestamp.as_ref().and_then(|time| time.as_u64()), Some(1_700_000_000));
    let suite = &data.suites[0];
    assert_eq!(suite.extra_options.as_deref().unwrap(), ["cold", "fission"]);
    assert_eq!(suite.alerting.alert_severity, Some(perf::AlertSeverity::Critical));
    assert_eq!(
        suite.alerting.min_back_window.as_ref().unwrap().to_string(),
        "3.0",
        "numbers stay as they were"
    );
    assert_eq!(suite.subtests[0].replicates.as_ref().unwrap().len(), 2);
    assert_eq!(suite.subtests[1].extra["replicates"].as_str(), "\"none\"");
    let again: PerformanceData = serde_json::from_value(serde_json::to_value(&data).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&data).unwrap());
}

#[test]
fn json_artifacts_that_say_nothing_are_empty_and_others_must_be_objects() {
    for text in ["{}", "[]", "null", "false", "0", "0.0", "\"\"", " { } \n"] {
        assert_eq!(perf::parse_json(text.as_bytes()).unwrap_err().kind, ProblemKind::Empty, "{text}");
    }
    for (text, message) in [
        ("[1]", "invalid performance data: $: expected an object, found an array"),
        ("true", "invalid performance data: $: expected an object, found a boolean"),
        ("", "not JSON: the text ends where a value was expected at byte 0"),
        ("{} x", "not JSON: text after the end of the value at byte 3"),
    ] {
        assert_eq!(perf::parse_json(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
    }
    let with_mark = format!("\u{feff}{GOOD}\n");
    assert_eq!(perf::parse_json(with_mark.as_bytes()).unwrap().suites.len(), 1);
}

#[test]
fn reading_by_serde_validates() {
    let error = serde_json::from_str::<PerformanceData>(r#"{"framework": {}, "suites": 5}"#).unwrap_err();
    assert!(error.to_string().contains("suites: expected an array, found a number"), "{error}");
    assert!(serde_json::from_value::<PerformanceData>(json!({"framework": {}, "suites": []})).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_line_is_too_odd(line: Vec<u8>, object in "[\\[\\]{}\":,0-9eE.a-z \\\\-]{0,60}") {
        let mut odd = b"PERFHERDER_DATA: {\"framework\": ".to_vec();
        odd.extend_from_slice(&line);
        odd.push(b'}');
        let _ = perf::parse_line(&odd);
        let line = format!("PERFHERDER_DATA: {{{object}}}");
        // An object that is taken is valid again when it is written.
        if let Outcome::Data(data) = parse(&line) {
            let again = perf::parse_json(&serde_json::to_vec(&data).unwrap());
            proptest::prop_assert_eq!(again, Ok(*data));
        }
    }
}
