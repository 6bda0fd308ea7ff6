use treeherder_logparse::perf::{Outcome, ProblemKind};

use super::{GOOD, data, list, parse, problem, verdict, with_suite, with_top};

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
                assert!(matches!(problem.kind, ProblemKind::Syntax { .. }), "{problem}");
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
