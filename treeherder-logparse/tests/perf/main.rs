//! Performance data in log lines and JSON artifacts: what is taken, what is refused and with which words.

/// Objects of real logs.
mod conformance;
/// Lines made to cost much.
mod hostile;
/// Which lines and texts are taken, and what becomes of them.
mod lines;
/// Every limit of the schema, at its edge and beyond.
mod schema;

use treeherder_logparse::perf::{self, Outcome, PerformanceData};

pub(crate) const GOOD: &str = r#"{"framework": {"name": "f"}, "suites": [{"name": "s", "subtests": []}]}"#;

pub(crate) fn parse(line: &str) -> Outcome {
    perf::parse_line(line.as_bytes())
}

pub(crate) fn data(line: &str) -> PerformanceData {
    match parse(line) {
        Outcome::Data(data) => *data,
        other => panic!("{line}: {other:?}"),
    }
}

pub(crate) fn problem(line: &str) -> perf::PerformanceProblem {
    match parse(line) {
        Outcome::Problem(problem) => problem,
        other => panic!("{line}: {other:?}"),
    }
}

/// The violation of an object, as text, or `ok`.
pub(crate) fn verdict(object: &str) -> String {
    match parse(&format!("PERFHERDER_DATA: {object}")) {
        Outcome::Data(_) => "ok".to_owned(),
        Outcome::Problem(problem) => {
            problem.violation().map_or_else(|| problem.to_string(), ToString::to_string)
        }
        Outcome::NotPerformanceData => panic!("no object found in {object}"),
    }
}

pub(crate) fn with_top(property: &str) -> String {
    format!(r#"{{"framework": {{}}, "suites": [], {property}}}"#)
}

pub(crate) fn with_suite(property: &str) -> String {
    format!(r#"{{"framework": {{}}, "suites": [{{"name": "s", "subtests": [], {property}}}]}}"#)
}

pub(crate) fn with_subtest(property: &str) -> String {
    with_suite(&format!(r#""subtests": [{{"name": "t", "value": 1, {property}}}]"#))
}

pub(crate) fn text(length: usize) -> String {
    // Two bytes each: limits are in characters.
    format!("\"{}\"", "é".repeat(length))
}

pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}
