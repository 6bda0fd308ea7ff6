//! Why performance data are not taken.

use std::fmt;

/// One value that breaks the schema of performance data (§5.6.1).
///
/// ```
/// use treeherder_logparse::perf;
///
/// let perf::Outcome::Problem(problem) =
///     perf::parse_line(br#"PERFHERDER_DATA: {"framework": {}, "suites": [{"name": "s", "subtests": 5}]}"#)
/// else {
///     panic!("a number is no list of subtests")
/// };
/// let violation = problem.violation().expect("it is JSON, but not valid");
/// assert_eq!(violation.path, "suites[0].subtests");
/// assert_eq!(violation.message, "expected an array, found a number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
#[non_exhaustive]
pub struct Violation {
    /// Where it is, such as `suites[0].subtests[2].value`; `$` is the whole.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why a performance object is not taken, by kind.
///
/// ```
/// use treeherder_logparse::perf::{self, ProblemKind};
///
/// let kind = |text: &str| perf::parse_json(text.as_bytes()).unwrap_err().kind;
/// assert!(matches!(kind("{\"framework\": }"), ProblemKind::Syntax { offset: 14, .. }));
/// assert_eq!(kind("{}"), ProblemKind::Empty);
/// assert!(matches!(kind("{\"suites\": []}"), ProblemKind::Invalid(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is not JSON.
    #[error("not JSON: {message} at byte {offset}")]
    #[non_exhaustive]
    Syntax {
        /// Where the text stops being JSON, in bytes from its start.
        offset: usize,
        /// What was wrong there.
        message: String,
    },
    /// The object is empty, which says nothing and is no fault of the data.
    #[error("empty performance data")]
    Empty,
    /// The object breaks the schema; this is its first violation in the order of the text.
    #[error("invalid performance data: {0}")]
    Invalid(#[from] Violation),
}

/// Tells why one performance object is not taken.
///
/// A problem concerns this one object only: the rest of its log stays as good as it was.
///
/// ```
/// use treeherder_logparse::perf::{self, ProblemKind};
///
/// let problem = perf::parse_json(b"{\"framework\": {}}").unwrap_err();
/// assert!(matches!(problem.kind, ProblemKind::Invalid(_)));
/// assert_eq!(problem.to_string(), "invalid performance data: suites: is missing");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub struct PerformanceProblem {
    /// What kind of problem it is, with the details.
    pub kind: ProblemKind,
}

impl PerformanceProblem {
    /// Returns the violation of the schema, if that is the problem.
    ///
    /// ```
    /// # use treeherder_logparse::perf;
    /// assert!(perf::parse_json(b"{}").unwrap_err().violation().is_none(), "being empty is no violation");
    /// ```
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        match &self.kind {
            ProblemKind::Invalid(violation) => Some(violation),
            _ => None,
        }
    }
}

impl From<ProblemKind> for PerformanceProblem {
    fn from(kind: ProblemKind) -> Self {
        Self { kind }
    }
}

/// Where a value stands in the object, from the value up to the whole.
///
/// It is only written out when a violation names it: the path of a million good values costs nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'p> {
    Whole,
    Key(&'p Self, &'p str),
    Index(&'p Self, usize),
}

impl Place<'_> {
    /// Makes the violation of this place.
    pub(super) fn violation(&self, message: impl Into<String>) -> Violation {
        Violation { path: self.to_string(), message: message.into() }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => formatter.write_str("$"),
            Self::Key(Place::Whole, key) => formatter.write_str(&excerpt(key)),
            Self::Key(parent, key) => write!(formatter, "{parent}.{}", excerpt(key)),
            Self::Index(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// Cuts what a message quotes to 40 characters.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
