//! Why a file stops being an error summary.

/// What is wrong with one line.
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, LineFault, Options};
///
/// let summary = ErrorSummary::parse(b"{\"action\": \"crash\"}", Options::default());
/// let fault = summary.error.expect("failure lines need a number").fault;
/// assert!(matches!(fault, LineFault::MissingKey { key: "line", .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// It is not JSON.
    #[error("not JSON: {message} at byte {offset} of the line")]
    #[non_exhaustive]
    NotJson {
        /// Where in the line, in bytes.
        offset: usize,
        /// What was wrong there.
        message: String,
    },
    /// It is JSON, but not an object.
    #[error("expected an object, found {found}")]
    #[non_exhaustive]
    NotAnObject {
        /// What kind of value it is.
        found: &'static str,
    },
    /// It lacks a key that its action needs.
    #[error("the key \"{key}\" is missing")]
    #[non_exhaustive]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// The value of a key cannot be what it must be.
    #[error("the value of \"{key}\" {message}")]
    #[non_exhaustive]
    InvalidValue {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        message: String,
    },
    /// It is longer than a line may be.
    #[error("longer than {limit} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit in force.
        limit: usize,
    },
}

/// Names the line that ends the reading of an error summary, and why.
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, LineFault, Options};
///
/// let file = b"{\"action\": \"test_groups\", \"groups\": []}\n<html>\n";
/// let error = ErrorSummary::parse(file, Options::default()).error.expect("HTML is no JSON");
/// assert_eq!((error.line_number, error.offset), (2, 40));
/// assert!(matches!(error.fault, LineFault::NotJson { .. }));
/// assert_eq!(error.to_string(), "line 2 (at byte 40): not JSON: expected a value at byte 0 of the line");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line_number} (at byte {offset}): {fault}")]
#[non_exhaustive]
pub struct ErrorSummaryError {
    /// Which line of the file it is; the first is 1.
    pub line_number: u64,
    /// Where the line starts, in bytes from the start of the file.
    pub offset: u64,
    /// What is wrong with it.
    #[source]
    pub fault: LineFault,
}
