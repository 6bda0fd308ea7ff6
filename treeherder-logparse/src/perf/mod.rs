//! Performance data: what builds and tests measured (§5.6 and §5.7 of the ingestion specification).
//!
//! Producers print one JSON object on a line of their log, behind `PERFHERDER_DATA:` or `PERFORMANCE_DATA:`, or upload it
//! as an artifact of its own. [`parse_line`] takes the former, [`parse_json`] the latter; both give a
//! [`PerformanceData`] that satisfies the schema, or the [`PerformanceProblem`] that says what is wrong and where. A
//! problem is never fatal for the log around it.
//!
//! Where the data are in Python's dialect of JSON:
//! - duplicate properties: the last one counts, and is the only one that is validated;
//! - `NaN`, `Infinity`, `-Infinity` and numbers too large for a float are read, and are a violation wherever they
//!   stand. (The original service lets a `NaN` pass validation, and then the whole log fails when it writes the result.)
//! - more than 100 levels of nesting are a syntax error.
//!
//! Reading is one pass over the line. It takes time linear in the length, and memory of about the typed
//! form's size: from a small multiple of the length for real data up to some twenty times in the worst case.

mod extract;
mod model;
mod problem;
mod read;
mod rules;

pub use extract::extract;
pub use model::{
    AlertChangeType, AlertSeverity, Alerting, Application, Extra, Framework, Os, PerformanceData, Subtest,
    Suite,
};
pub use problem::{PerformanceProblem, ProblemKind, Violation};
pub use read::APPLICATION_NAMES;

use crate::json::{self, Kind, Number, Reader, SyntaxError};

/// Tells what a line of a log says about performance.
///
/// ```
/// use treeherder_logparse::perf::{Outcome, parse_line};
///
/// assert!(matches!(parse_line(b"PERFORMANCE_DATA: {\"framework\": {}, \"suites\": []}"), Outcome::Data(_)));
/// assert!(matches!(parse_line(b"PERFORMANCE_DATA: {\"framework\": {}}"), Outcome::Problem(_)));
/// assert!(matches!(parse_line(b"PERFORMANCE_DATA: soon"), Outcome::NotPerformanceData));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing: there is no marker, or no object behind it.
    NotPerformanceData,
    /// It carries this object.
    Data(Box<PerformanceData>),
    /// It was meant to carry an object, but this is wrong with it.
    Problem(PerformanceProblem),
}

/// Parses the performance data of one line of a log (§5.6).
///
/// The line comes without its terminator (one that is left does no harm), and must not have been cut.
///
/// ```
/// use treeherder_logparse::perf::{Outcome, parse_line};
///
/// let line = br#"[task] PERFHERDER_DATA: {"framework": {"name": "vcs"}, "suites": [{"name": "pull", "subtests": []}]}"#;
/// let Outcome::Data(data) = parse_line(line) else { panic!("the line is fine") };
/// assert_eq!(data.suites[0].name, "pull");
///
/// assert_eq!(parse_line(b"TEST-PASS | all well"), Outcome::NotPerformanceData);
///
/// let Outcome::Problem(problem) = parse_line(b"PERFHERDER_DATA: {\"framework\": 1}") else { panic!() };
/// assert_eq!(problem.to_string(), "invalid performance data: framework: expected an object, found a number");
/// ```
#[must_use]
pub fn parse_line(line: &[u8]) -> Outcome {
    match extract(line) {
        None => Outcome::NotPerformanceData,
        Some(text) => match parse_text(&text) {
            Ok(data) => Outcome::Data(Box::new(data)),
            Err(problem) => Outcome::Problem(problem),
        },
    }
}

/// Parses a text that is one performance object as a whole, such as a `perfherder-data*.json` artifact (§5.7).
///
/// Values that say nothing (`{}`, `[]`, `null`, `""`, `0`, `false`) are all [`ProblemKind::Empty`].
///
/// # Errors
/// Returns what is wrong with it, see [`ProblemKind`].
///
/// ```
/// use treeherder_logparse::perf::{ProblemKind, parse_json};
///
/// let data = parse_json(br#"{"framework": {"name": "awsy"}, "suites": []}"#)?;
/// assert_eq!(data.framework.name.as_deref(), Some("awsy"));
/// assert_eq!(parse_json(b"[]").unwrap_err().kind, ProblemKind::Empty);
/// # Ok::<(), treeherder_logparse::perf::PerformanceProblem>(())
/// ```
pub fn parse_json(text: &[u8]) -> Result<PerformanceData, PerformanceProblem> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    parse_text(&json::decode(text))
}

fn parse_text(text: &str) -> Result<PerformanceData, PerformanceProblem> {
    let syntax =
        |error: SyntaxError| ProblemKind::Syntax { offset: error.offset, message: error.message.to_owned() };
    let mut reader = Reader::new(text);
    if says_nothing(&mut reader.clone()).map_err(syntax)? {
        reader.skip().and_then(|_| reader.end()).map_err(syntax)?;
        return Err(ProblemKind::Empty.into());
    }
    let read = read::performance_data(&mut reader).map_err(syntax)?;
    reader.end().map_err(syntax)?;
    read.map_err(|violation| ProblemKind::Invalid(violation).into())
}

/// Tells whether the value is one that Python takes for false. Looks no further than its first element.
fn says_nothing(reader: &mut Reader<'_>) -> Result<bool, SyntaxError> {
    Ok(match reader.kind()? {
        Kind::Null => true,
        Kind::Bool => !reader.bool()?,
        Kind::Number => matches!(reader.number()?, Number::Finite(number) if number.as_f64() == Some(0.0)),
        Kind::String => reader.string()?.is_empty(),
        Kind::Array => {
            reader.open()?;
            !reader.next_element()?
        }
        Kind::Object => {
            reader.open()?;
            reader.next_key()?.is_none()
        }
    })
}
