//! An error summary as a whole.

use super::error::ErrorSummaryError;
use super::line::{ErrorSummaryLine, FailureLine, GroupResult, RejectedGroup, UnknownAction};
use super::reader::{ErrorSummaryReader, Options};

/// Collects what the lines of an error summary say, in the order of the file.
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, Options};
///
/// let file = br#"{"action": "test_result", "line": 7, "test": "a.html", "status": "FAIL", "expected": "PASS"}
/// {"action": "group_result", "group": "a.toml", "status": "ERROR", "duration": 1999}
/// "#;
/// let summary = ErrorSummary::parse(file, Options::default());
/// assert_eq!(summary.failure_lines[0].test.as_deref(), Some("a.html"));
/// assert_eq!(summary.group_results[0].duration, 1);
/// assert!(summary.error.is_none() && !summary.truncated);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ErrorSummary {
    /// The failure lines.
    pub failure_lines: Vec<FailureLine>,
    /// The results of groups.
    pub group_results: Vec<GroupResult>,
    /// The results of groups whose names cannot be stored.
    pub rejected_groups: Vec<RejectedGroup>,
    /// The lines whose actions are not known.
    pub unknown_actions: Vec<UnknownAction>,
    /// Whether the file was cut off; then the last failure line has the action `truncated`.
    pub truncated: bool,
    /// The line that ended the reading, if one did. What came before it is in the other fields.
    pub error: Option<ErrorSummaryError>,
}

impl ErrorSummary {
    /// Reads a whole file.
    #[must_use]
    pub fn parse(file: &[u8], options: Options) -> Self {
        let mut summary = Self::default();
        let mut reader = ErrorSummaryReader::new(options);
        let fed = reader.feed(file, |line| summary.add(line));
        let finished = reader.finish(|line| summary.add(line));
        summary.truncated = reader.is_truncated();
        summary.error = fed.and(finished).err();
        summary
    }

    /// Adds what a line says.
    ///
    /// It is made for [`ErrorSummaryReader::feed`]; `truncated` and `error` are then for the caller to set.
    pub fn add(&mut self, line: ErrorSummaryLine) {
        match line {
            ErrorSummaryLine::Failure(line) => self.failure_lines.push(*line),
            ErrorSummaryLine::Group(result) => self.group_results.push(result),
            ErrorSummaryLine::RejectedGroup(rejected) => self.rejected_groups.push(rejected),
            ErrorSummaryLine::Unknown(unknown) => self.unknown_actions.push(unknown),
            ErrorSummaryLine::TestGroups { .. } => {}
        }
    }
}
