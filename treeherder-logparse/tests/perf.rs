//! Performance data in log lines and JSON artifacts: what is taken, what is refused and with which words.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use treeherder_logparse::perf::{self, Outcome, PerformanceData, ProblemKind};

const GOOD: &str = r#"{"framework": {"name": "f"}, "suites": [{"name": "s", "subtests": []}]}"#;

fn parse(line: &str) -> Outcome {
    perf::parse_line(line.as_bytes())
}

fn data(line: &str) -> PerformanceData {
    match parse(line) {
        Outcome::Data(data) => *data,
        other => panic!("{line}: {other:?}"),
    }
}

fn problem(line: &str) -> perf::PerformanceProblem {
    match parse(line) {
        Outcome::Problem(problem) => problem,
        other => panic!("{line}: {other:?}"),
    }
}

/// The violation of an object, as text, or `ok`.
fn verdict(object: &str) -> String {
    match parse(&format!("PERFHERDER_DATA: {object}")) {
        Outcome::Data(_) => "ok".to_owned(),
        Outcome::Problem(problem) => {
            problem.violation().map_or_else(|| problem.to_string(), ToString::to_string)
        }
        Outcome::NotPerformanceData => panic!("no object found in {object}"),
    }
}

fn with_top(property: &str) -> String {
    format!(r#"{{"framework": {{}}, "suites": [], {property}}}"#)
}

fn with_suite(property: &str) -> String {
    format!(r#"{{"framework": {{}}, "suites": [{{"name": "s", "subtests": [], {property}}}]}}"#)
}

fn with_subtest(property: &str) -> String {
    with_suite(&format!(r#""subtests": [{{"name": "t", "value": 1, {property}}}]"#))
}

fn text(length: usize) -> String {
    // Two bytes each: limits are in characters.
    format!("\"{}\"", "é".repeat(length))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

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
fn numbers_that_are_none_are_refused_wherever_they_stand() {
    let cases = [
        (with_subtest(r#""value": NaN"#), "suites[0].subtests[0].value: NaN is not a finite number"),
        (
            with_subtest(r#""value": Infinity"#),
            "suites[0].subtests[0].value: Infinity is not a finite number",
        ),
        (
            with_subtest(r#""value": -Infinity"#),
            "suites[0].subtests[0].value: -Infinity is not a finite number",
        ),
        (with_subtest(r#""value": 1e999"#), "suites[0].subtests[0].value: 1e999 is not a finite number"),
        (with_subtest(r#""value": true"#), "suites[0].subtests[0].value: expected a number, found a boolean"),
        (
            with_subtest(r#""replicates": [1, NaN]"#),
            "suites[0].subtests[0].replicates: NaN is not a finite number",
        ),
        (with_suite(r#""mine": {"deep": [1, NaN]}"#), "suites[0].mine: NaN is not a finite number"),
        (with_top(r#""pushTimestamp": NaN"#), "pushTimestamp: NaN is not a finite number"),
        (with_top(r#""mine": "NaN""#), "ok"),
        (with_top(r#""mine": NaN, "mine": 1"#), "ok"),
    ];
    for (object, expected) in cases {
        assert_eq!(verdict(&object), expected, "{object}");
    }
}

#[test]
fn the_last_of_equal_keys_wins_with_all_its_faults() {
    assert_eq!(verdict(&with_suite(r#""unit": 5, "unit": "ms""#)), "ok");
    assert_eq!(
        verdict(&with_suite(r#""unit": "ms", "unit": 5"#)),
        "suites[0].unit: expected a string, found a number"
    );
    let twice = r#"{"framework": 1, "suites": [5], "framework": {"name": "x", "name": "y"}, "suites": []}"#;
    assert_eq!(data(&format!("PERFHERDER_DATA: {twice}")).framework.name.as_deref(), Some("y"));
    let extra = data(&format!("PERFHERDER_DATA: {}", with_top(r#""mine": 1, "mine": [2]"#))).extra;
    assert_eq!(extra["mine"].as_str(), "[2]");
}

#[test]
fn every_limit_of_the_whole_object_holds_at_its_edge() {
    let cases = [
        (r#"{"suites": []}"#.to_owned(), "framework: is missing"),
        (r#"{"framework": {}}"#.to_owned(), "suites: is missing"),
        (r#"{"framework": {}, "suites": []}"#.to_owned(), "ok"),
        (with_top(r#""framework": []"#), "framework: expected an object, found an array"),
        (with_top(r#""framework": {"name": 5}"#), "framework.name: expected a string, found a number"),
        (with_top(r#""framework": {"name": null}"#), "framework.name: expected a string, found null"),
        (with_top(r#""framework": {"other": null}"#), "ok"),
        (with_top(r#""suites": {}"#), "suites: expected an array, found an object"),
        (with_top(r#""suites": [1]"#), "suites[0]: expected an object, found a number"),
        (with_top(r#""application": {}"#), "application.name: is missing"),
        (with_top(r#""application": {"name": "cstm-car-m"}"#), "ok"),
        (
            with_top(r#""application": {"name": "chrome-m", "version": 7}"#),
            "application.version: expected a string, found a number",
        ),
        (with_top(&format!(r#""application": {{"name": "fenix", "version": {}}}"#, text(40))), "ok"),
        (
            with_top(&format!(r#""application": {{"name": "fenix", "version": {}}}"#, text(41))),
            "application.version: is 41 characters long, the limit is 40",
        ),
        (with_top(r#""os": {}"#), "ok"),
        (with_top(r#""os": "linux""#), "os: expected an object, found a string"),
        (with_top(r#""os": {"name": ""}"#), "os.name: must not be empty"),
        (with_top(&format!(r#""os": {{"name": {0}, "platform_version": {0}}}"#, text(100))), "ok"),
        (
            with_top(&format!(r#""os": {{"name": {}}}"#, text(101))),
            "os.name: is 101 characters long, the limit is 100",
        ),
        (with_top(r#""os": {"platform_version": ""}"#), "os.platform_version: must not be empty"),
        (
            with_top(&format!(r#""os": {{"platform_version": {}}}"#, text(101))),
            "os.platform_version: is 101 characters long, the limit is 100",
        ),
        (with_top(r#""pushTimestamp": "yesterday""#), "ok"),
    ];
    for (object, expected) in cases {
        assert_eq!(verdict(&object), expected, "{object}");
    }
    for name in perf::APPLICATION_NAMES {
        assert_eq!(verdict(&with_top(&format!(r#""application": {{"name": "{name}"}}"#))), "ok");
    }
    let unknown = verdict(&with_top(r#""application": {"name": "netscape"}"#));
    assert!(
        unknown.starts_with("application.name: \"netscape\" is not one of firefox, chrome, "),
        "{unknown}"
    );
}

/// Limits of a property: a value that fits, and one that does not with the message for it.
type Limits<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

const SHARED: &[Limits<'_>] = &[
    (
        "lowerIsBetter",
        &["true", "false"],
        &[("1", "expected a boolean, found a number"), ("null", "expected a boolean, found null")],
    ),
    ("shouldAlert", &["true", "false"], &[("\"true\"", "expected a boolean, found a string")]),
    (
        "alertThreshold",
        &["0", "0.0", "1e300"],
        &[("-0.1", "-0.1 is below the minimum of 0"), ("\"2\"", "expected a number, found a string")],
    ),
    (
        "alertSeverity",
        &["\"critical\"", "\"subcritical\"", "\"normal\""],
        &[("\"Normal\"", "\"Normal\" is not one of critical, subcritical, normal")],
    ),
    (
        "alertChangeType",
        &["\"absolute\"", "\"percentage\""],
        &[("\"relative\"", "\"relative\" is not one of absolute, percentage")],
    ),
    (
        "value",
        &["-1000000000000", "1000000000000", "1e12", "-1e12", "0", "0.5"],
        &[
            ("1000000000001", "1000000000001 is above the maximum of 1000000000000"),
            ("-1000000000000.5", "-1000000000000.5 is below the minimum of -1000000000000"),
            (
                "123456789012345678901234567890",
                "1.2345678901234568e+29 is above the maximum of 1000000000000",
            ),
            ("null", "expected a number, found null"),
        ],
    ),
];

const SUITE: &[Limits<'_>] = &[
    ("monitor", &["true"], &[("\"no\"", "expected a boolean, found a string")]),
    (
        "minBackWindow",
        &["1", "255", "3.0"],
        &[
            ("0", "0 is below the minimum of 1"),
            ("256", "256 is above the maximum of 255"),
            ("3.5", "3.5 is not an integer"),
        ],
    ),
    (
        "maxBackWindow",
        &["1", "255", "3.0"],
        &[
            ("0.5", "0.5 is below the minimum of 1"),
            ("255.5", "255.5 is above the maximum of 255"),
            ("254.5", "254.5 is not an integer"),
        ],
    ),
    (
        "foreWindow",
        &["1", "255", "3.0"],
        &[
            ("-1", "-1 is below the minimum of 1"),
            ("1e3", "1000.0 is above the maximum of 255"),
            ("1.5", "1.5 is not an integer"),
        ],
    ),
    ("replicates", &["[]", "[1, 2.5, -1e12, 1e12]"], &[("5", "expected an array, found a number")]),
];

const SUBTEST: &[Limits<'_>] = &[
    (
        "minBackWindow",
        &["1", "255", "3.5"],
        &[("0.5", "0.5 is below the minimum of 1"), ("255.5", "255.5 is above the maximum of 255")],
    ),
    (
        "maxBackWindow",
        &["1", "255", "3.5"],
        &[("0", "0 is below the minimum of 1"), ("256", "256 is above the maximum of 255")],
    ),
    (
        "foreWindow",
        &["1", "255", "3.5"],
        &[("0", "0 is below the minimum of 1"), ("256", "256 is above the maximum of 255")],
    ),
    ("monitor", &["\"a subtest has none\""], &[]),
    ("tags", &["\"a subtest has none\""], &[]),
    ("replicates", &["[1, 2]", "\"tolerated\"", "[1e13]"], &[]),
];

#[test]
fn every_limit_of_suites_and_subtests_holds_at_its_edge() {
    let suites =
        SHARED.iter().chain(SUITE).map(|limits| (with_suite as fn(&str) -> String, "suites[0]", limits));
    let subtests = SHARED
        .iter()
        .chain(SUBTEST)
        .map(|limits| (with_subtest as fn(&str) -> String, "suites[0].subtests[0]", limits));
    for (object, place, (property, good, bad)) in suites.chain(subtests) {
        for value in *good {
            assert_eq!(
                verdict(&object(&format!("\"{property}\": {value}"))),
                "ok",
                "{place}.{property}: {value}"
            );
        }
        for (value, message) in *bad {
            let found = verdict(&object(&format!("\"{property}\": {value}")));
            assert_eq!(found, format!("{place}.{property}: {message}"));
        }
    }
    // Those of text: least and greatest number of characters.
    for (property, min, max) in [("name", 0, 80), ("publicName", 0, 30), ("unit", 1, 20)] {
        for (object, place) in
            [(with_suite as fn(&str) -> String, "suites[0]"), (with_subtest, "suites[0].subtests[0]")]
        {
            let verdict = |value: &str| verdict(&object(&format!("\"{property}\": {value}")));
            assert_eq!(verdict(&text(min)), "ok");
            assert_eq!(verdict(&text(max)), "ok");
            let over = max + 1;
            assert_eq!(
                verdict(&text(over)),
                format!("{place}.{property}: is {over} characters long, the limit is {max}")
            );
            assert_eq!(verdict("5"), format!("{place}.{property}: expected a string, found a number"));
            if min > 0 {
                assert_eq!(verdict("\"\""), format!("{place}.{property}: must not be empty"));
            }
        }
    }
}

#[test]
fn lists_of_a_suite_hold_their_limits() {
    let options = |count: usize, length: usize| list((0..count).map(|index| format!("\"{index:0length$}\"")));
    let long =
        |lengths: &[usize]| list(lengths.iter().enumerate().map(|(i, length)| format!("\"{i:0length$}\"")));
    let cases = [
        ("tags", options(14, 24), "ok"),
        ("tags", options(15, 2), "suites[0].tags: has more than 14 items"),
        (
            "tags",
            options(1, 25),
            "suites[0].tags[0]: \"0000000000000000000000000\" is not 1 to 24 letters, digits and hyphens",
        ),
        (
            "tags",
            r#"["a", ""]"#.to_owned(),
            "suites[0].tags[1]: \"\" is not 1 to 24 letters, digits and hyphens",
        ),
        (
            "tags",
            r#"["a_b"]"#.to_owned(),
            "suites[0].tags[0]: \"a_b\" is not 1 to 24 letters, digits and hyphens",
        ),
        (
            "tags",
            r#"["é"]"#.to_owned(),
            "suites[0].tags[0]: \"é\" is not 1 to 24 letters, digits and hyphens",
        ),
        ("tags", r#"["aZ-09", "x\n"]"#.to_owned(), "ok"),
        ("tags", r#"["a", "b", "a"]"#.to_owned(), "suites[0].tags[2]: \"a\" comes twice"),
        ("tags", r#"["a", 1]"#.to_owned(), "suites[0].tags[1]: expected a string, found a number"),
        ("extraOptions", options(8, 45), "ok"),
        ("extraOptions", options(9, 2), "suites[0].extraOptions: has more than 8 items"),
        ("extraOptions", r#"["", "\u00e9"]"#.to_owned(), "ok"),
        ("extraOptions", r#"["e10s", "e10s"]"#.to_owned(), "suites[0].extraOptions[1]: \"e10s\" comes twice"),
        ("extraOptions", long(&[100, 45, 45, 45, 45, 45, 45, 45]), "ok"),
        ("extraOptions", long(&[46, 45]), "ok"),
        (
            "extraOptions",
            long(&[46, 46]),
            "suites[0].extraOptions: has 2 options longer than 45 characters, only one may be",
        ),
        (
            "extraOptions",
            long(&[100, 5, 46]),
            "suites[0].extraOptions: has 2 options longer than 45 characters, only one may be",
        ),
        ("extraOptions", long(&[101]), "suites[0].extraOptions[0]: is 101 characters long, the limit is 100"),
        ("alertNotifyEmails", options(8, 100), "ok"),
        ("alertNotifyEmails", options(9, 3), "suites[0].alertNotifyEmails: has more than 8 items"),
        (
            "alertNotifyEmails",
            options(1, 101),
            "suites[0].alertNotifyEmails[0]: is 101 characters long, the limit is 100",
        ),
        (
            "alertNotifyEmails",
            r#"["a@b", "a@b"]"#.to_owned(),
            "suites[0].alertNotifyEmails[1]: \"a@b\" comes twice",
        ),
        (
            "replicates",
            "[1, 1e12, 1000000000001]".to_owned(),
            "suites[0].replicates[2]: 1000000000001 is above the maximum of 1000000000000",
        ),
        ("replicates", "[1, \"2\"]".to_owned(), "suites[0].replicates[1]: expected a number, found a string"),
        ("subtests", "[{\"name\": \"t\"}]".to_owned(), "suites[0].subtests[0].value: is missing"),
        (
            "subtests",
            "[{\"name\": \"t\", \"value\": 1}, {\"value\": 2}]".to_owned(),
            "suites[0].subtests[1].name: is missing",
        ),
    ];
    for (property, value, expected) in cases {
        assert_eq!(
            verdict(&with_suite(&format!("\"{property}\": {value}"))),
            expected,
            "{property}: {value}"
        );
    }
    assert_eq!(verdict(r#"{"framework": {}, "suites": [{"subtests": []}]}"#), "suites[0].name: is missing");
    assert_eq!(verdict(r#"{"framework": {}, "suites": [{"name": "s"}]}"#), "suites[0].subtests: is missing");
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

#[test]
fn a_line_of_a_million_markers_is_just_a_line() {
    for piece in [
        "PERFHERDER_DATA:",
        "PERFHERDER_DATA: ",
        "PERFHERDER_DATA: {",
        "PERFORMANCE_DATA:\u{2003}{",
        "} PERFHERDER_DATA: {",
        "PERF",
    ] {
        let line = piece.repeat(1_000_000);
        match parse(&line) {
            Outcome::NotPerformanceData => {}
            Outcome::Problem(problem) => {
                assert!(matches!(problem.kind, ProblemKind::Syntax { .. }), "{problem}")
            }
            Outcome::Data(data) => panic!("{data:?}"),
        }
    }
    let late = format!("{}PERFHERDER_DATA: {GOOD}", "PERFHERDER_DATA: x".repeat(500_000));
    assert_eq!(data(&late).suites.len(), 1);
    let spaces = format!("PERFHERDER_DATA:{}{GOOD}", " \u{2003}".repeat(1_000_000));
    assert_eq!(data(&spaces).suites.len(), 1);
}

#[test]
fn nesting_without_end_is_a_problem_and_nothing_worse() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        for object in [
            with_top(&format!("\"mine\": {deep}")),
            with_suite(&format!("\"value\": {deep}")),
            format!("{{\"suites\": {deep}}}"),
        ] {
            let problem = problem(&format!("PERFHERDER_DATA: {object}"));
            assert!(problem.to_string().contains("nested more than 100 levels deep"), "{problem}");
        }
    }
}

#[test]
fn lines_of_many_megabytes_are_read_whole() {
    let subtests = list((0..60_000).map(|i| {
        format!(r#"{{"name": "subtest {i}", "value": {i}.25, "unit": "ms", "replicates": [{i}, 1, 2.5, 3]}}"#)
    }));
    let line = format!("PERFHERDER_DATA: {}", with_suite(&format!("\"subtests\": {subtests}")));
    assert!(line.len() > 5 << 20);
    let data = data(&line);
    assert_eq!(data.suites[0].subtests.len(), 60_000);
    assert_eq!(data.suites[0].subtests[59_999].value.as_f64(), Some(59_999.25));

    // The costliest shapes: many values of no use, many faults, many different names.
    for (property, expected) in [
        (format!("\"replicates\": {}", list((0..2_000_000).map(|_| "1".to_owned()))), "ok"),
        (format!("\"mine\": {}", list((0..1_000_000).map(|_| "{}".to_owned()))), "ok"),
        (
            format!("\"tags\": {}", list((0..1_000_000).map(|i| format!("\"{i}\"")))),
            "suites[0].tags: has more than 14 items",
        ),
        (
            format!("\"replicates\": {}", list((0..1_000_000).map(|_| "NaN".to_owned()))),
            "suites[0].replicates[0]: NaN is not a finite number",
        ),
        (
            (0..300_000).map(|i| format!("\"p{i}\": NaN")).collect::<Vec<_>>().join(","),
            "suites[0].p0: NaN is not a finite number",
        ),
        ((0..300_000).map(|i| format!("\"p{i}\": {i}")).collect::<Vec<_>>().join(","), "ok"),
        (vec!["\"unit\": 1"; 500_000].join(","), "suites[0].unit: expected a string, found a number"),
        (
            format!("\"unit\": \"{}\"", "\\u00e9\\n".repeat(500_000)),
            "suites[0].unit: is 1000000 characters long, the limit is 20",
        ),
    ] {
        assert_eq!(verdict(&with_suite(&property)), expected);
    }
}

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

fn expected_results() -> Vec<(PathBuf, Vec<Value>)> {
    let Some(folder) = conformance("logs") else { return Vec::new() };
    let mut results: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".expected.json"))
        .map(|path| {
            let expected: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let objects = expected["performance_data"].as_array().unwrap().clone();
            (path, objects)
        })
        .collect();
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
