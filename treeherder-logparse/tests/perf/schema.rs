use treeherder_logparse::perf;

use super::{data, list, text, verdict, with_subtest, with_suite, with_top};

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
