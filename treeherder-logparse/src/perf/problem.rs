//! Why performance data are not taken.

use std::borrow::Cow;

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
        let mut path = String::new();
        self.write_to(&mut path);
        Violation { path, message: message.into() }
    }

    /// Appends the path. Not by way of `Display`: a log may be full of violations.
    fn write_to(&self, path: &mut String) {
        match self {
            Self::Whole => path.push('$'),
            Self::Key(Place::Whole, key) => path.push_str(&excerpt(key)),
            Self::Key(parent, key) => {
                parent.write_to(path);
                path.push('.');
                path.push_str(&excerpt(key));
            }
            Self::Index(parent, index) => {
                parent.write_to(path);
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
    }
}

/// Characters of a text that a message quotes.
const EXCERPT: usize = 40;

/// Cuts what a message quotes to [`EXCERPT`] characters.
pub(super) fn excerpt(text: &str) -> Cow<'_, str> {
    // No more bytes are no more characters.
    if text.len() <= EXCERPT {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
