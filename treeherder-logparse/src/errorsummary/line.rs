//! What a line of an error summary says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::RawJson;

/// One line of an error summary, by its action.
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, ErrorSummaryLine, ErrorSummaryReader, Options};
///
/// let mut actions = Vec::new();
/// ErrorSummaryReader::new(Options::default())
///     .feed(b"{\"action\": \"test_groups\", \"groups\": [\"a.toml\"]}\n", |line| {
///         if let ErrorSummaryLine::TestGroups { groups } = line {
///             actions.push(groups);
///         }
///     })?;
/// assert_eq!(actions, [["a.toml"]]);
/// # Ok::<(), treeherder_logparse::errorsummary::ErrorSummaryError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorSummaryLine {
    /// A failure line.
    Failure(Box<FailureLine>),
    /// The result of a group of tests.
    Group(GroupResult),
    /// The result of a group whose name cannot be stored.
    RejectedGroup(RejectedGroup),
    /// The names of the groups of the task; nothing is done with them.
    TestGroups {
        /// The names.
        groups: Vec<String>,
    },
    /// An action that is not known; worth a warning.
    Unknown(UnknownAction),
}

/// The actions of failure lines.
///
/// ```
/// use treeherder_logparse::errorsummary::FailureAction;
///
/// assert_eq!(FailureAction::from_name("test_result"), Some(FailureAction::TestResult));
/// assert_eq!(FailureAction::TestResult.to_string(), "test_result");
/// assert_eq!(FailureAction::from_name("group_result"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureAction {
    /// `test_result`: a test or subtest with an unexpected result.
    TestResult,
    /// `log`: an error message.
    Log,
    /// `crash`: a crash with its stack.
    Crash,
    /// `truncated`: here the file was cut off.
    Truncated,
    /// `test_status`: the unexpected result of a subtest.
    TestStatus,
    /// `test_end`: the unexpected result of a test.
    TestEnd,
}

impl FailureAction {
    /// Finds the action of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all =
            [Self::TestResult, Self::Log, Self::Crash, Self::Truncated, Self::TestStatus, Self::TestEnd];
        all.into_iter().find(|action| action.name() == name)
    }

    /// Returns its name, as in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TestResult => "test_result",
            Self::Log => "log",
            Self::Crash => "crash",
            Self::Truncated => "truncated",
            Self::TestStatus => "test_status",
            Self::TestEnd => "test_end",
        }
    }
}

impl fmt::Display for FailureAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One failure line, with the columns that are stored (§5.8.4).
///
/// Columns of text whose value is a number or anything else but a string hold that value's JSON text. Values are not
/// checked against lists of known words, and not cut: see [`column_problem`](Self::column_problem).
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, Options};
///
/// let file = br#"{"action": "test_result", "line": 4, "test": "a.js", "status": "FAIL", "expected": "PASS", "message": 5}"#;
/// let line = &ErrorSummary::parse(file, Options::default()).failure_lines[0];
/// assert_eq!((line.line, line.test.as_deref(), &*line.status), (4, Some("a.js"), "FAIL"));
/// assert_eq!((line.message.as_deref(), line.known_intermittent.as_str()), (Some("5"), "[]"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureLine {
    /// What kind of failure line it is.
    pub action: FailureAction,
    /// The number of the line in the log the failure comes from.
    pub line: u32,
    /// The test.
    pub test: Option<String>,
    /// The subtest.
    pub subtest: Option<String>,
    /// The status, such as `FAIL`; empty when absent.
    pub status: String,
    /// The status that was expected.
    pub expected: Option<String>,
    /// The message.
    pub message: Option<String>,
    /// The signature of a crash.
    pub signature: Option<String>,
    /// The level of a log message, such as `ERROR`.
    pub level: Option<String>,
    /// The stack.
    pub stack: Option<String>,
    /// What the stack walker wrote to its standard output.
    pub stackwalk_stdout: Option<String>,
    /// What the stack walker wrote to its standard error.
    pub stackwalk_stderr: Option<String>,
    /// The statuses that are known to come now and then; `[]` when absent.
    pub known_intermittent: RawJson,
}

/// A column of a failure line that a database refuses.
///
/// ```
/// use treeherder_logparse::errorsummary::{ColumnProblem, ErrorSummary, Options};
///
/// let file = br#"{"action": "log", "line": 1, "message": "a\u0000b"}"#;
/// let problem = ErrorSummary::parse(file, Options::default()).failure_lines[0].column_problem();
/// assert!(matches!(problem, Some(ColumnProblem::Nul { column: "message", .. })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnProblem {
    /// The value has more characters than the column.
    #[error("\"{column}\" is {length} characters long, the column holds {limit}")]
    #[non_exhaustive]
    TooLong {
        /// The column.
        column: &'static str,
        /// How long the value is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The value has a NUL character.
    #[error("\"{column}\" contains a NUL character")]
    #[non_exhaustive]
    Nul {
        /// The column.
        column: &'static str,
    },
}

impl FailureLine {
    /// The most characters of the columns `status`, `expected` and `level`.
    pub const STATUS_LIMIT: usize = 19;

    /// Returns the first column that PostgreSQL refuses to store: a file with one is not stored at all (§5.8.4).
    ///
    /// ```
    /// use treeherder_logparse::errorsummary::{ErrorSummary, Options};
    ///
    /// let file = br#"{"action": "log", "line": 1, "level": "a level of 22 letters", "message": "m"}"#;
    /// let summary = ErrorSummary::parse(file, Options::default());
    /// let problem = summary.failure_lines[0].column_problem().expect("the level is too long");
    /// assert_eq!(problem.to_string(), "\"level\" is 21 characters long, the column holds 19");
    /// ```
    #[must_use]
    pub fn column_problem(&self) -> Option<ColumnProblem> {
        let short = Self::STATUS_LIMIT;
        let columns = [
            ("test", self.test.as_deref(), usize::MAX),
            ("subtest", self.subtest.as_deref(), usize::MAX),
            ("status", Some(&*self.status), short),
            ("expected", self.expected.as_deref(), short),
            ("message", self.message.as_deref(), usize::MAX),
            ("signature", self.signature.as_deref(), usize::MAX),
            ("level", self.level.as_deref(), short),
            ("stack", self.stack.as_deref(), usize::MAX),
            ("stackwalk_stdout", self.stackwalk_stdout.as_deref(), usize::MAX),
            ("stackwalk_stderr", self.stackwalk_stderr.as_deref(), usize::MAX),
        ];
        columns.into_iter().find_map(|(column, value, limit)| {
            let value = value?;
            if memchr::memchr(0, value.as_bytes()).is_some() {
                return Some(ColumnProblem::Nul { column });
            }
            // Bytes are quicker to count, and a value that is short enough in bytes is so in characters.
            let length = if value.len() > limit { value.chars().count() } else { value.len() };
            (length > limit).then_some(ColumnProblem::TooLong { column, length, limit })
        })
    }
}

/// The result of a group of tests (§5.8.5).
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, GroupStatus, Options};
///
/// let file = br#"{"action": "group_result", "group": "a.toml:b.toml", "status": "TIMEOUT", "duration": 61500}"#;
/// let result = &ErrorSummary::parse(file, Options::default()).group_results[0];
/// assert_eq!((&*result.group, result.duration), ("a.toml:b.toml", 61));
/// assert_eq!((result.status, &*result.status_text), (GroupStatus::Unsupported, "TIMEOUT"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupResult {
    /// The name of the group: the path of a manifest, or several with colons between.
    pub group: String,
    /// The result.
    pub status: GroupStatus,
    /// The result as it was written.
    pub status_text: String,
    /// How long the group took, in whole seconds; 0 when that is not known or cannot be.
    pub duration: u16,
    /// The number of the line in the log, if it is given.
    pub line: Option<u32>,
}

/// The results of groups.
///
/// ```
/// use treeherder_logparse::errorsummary::GroupStatus;
///
/// assert_eq!(GroupStatus::from_text("ERROR").code(), 2);
/// assert_eq!(GroupStatus::from_text("ok"), GroupStatus::Unsupported);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum GroupStatus {
    /// `OK`: all tests had the expected results.
    Ok,
    /// `ERROR`: some had not.
    Error,
    /// `SKIP`: none were run.
    Skip,
    /// Anything else.
    Unsupported,
}

impl GroupStatus {
    /// Finds the status of this text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match text {
            "OK" => Self::Ok,
            "ERROR" => Self::Error,
            "SKIP" => Self::Skip,
            _ => Self::Unsupported,
        }
    }

    /// Returns the number it is stored as.
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::Ok => 1,
            Self::Error => 2,
            Self::Skip => 3,
            Self::Unsupported => 10,
        }
    }
}

/// A group result that is left out because of the group's name (§5.8.5).
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, GroupRejection, Options};
///
/// let file = br#"{"action": "group_result", "group": "dom\\test\\a.toml", "status": "OK"}"#;
/// let summary = ErrorSummary::parse(file, Options::default());
/// assert_eq!(summary.rejected_groups[0].group, r"dom\test\a.toml");
/// assert_eq!(summary.rejected_groups[0].reason, GroupRejection::Backslash);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedGroup {
    /// The name of the group.
    pub group: String,
    /// Why it cannot be stored.
    pub reason: GroupRejection,
}

/// Why the name of a group cannot be stored.
///
/// ```
/// # use treeherder_logparse::errorsummary::GroupRejection;
/// assert_eq!(GroupRejection::TooLong.to_string(), "the group's path is longer than 255 characters");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupRejection {
    /// It contains a backslash.
    #[error("the group's path contains a backslash")]
    Backslash,
    /// It is longer than 255 characters.
    #[error("the group's path is longer than 255 characters")]
    TooLong,
}

/// A line whose action is not known.
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, Options};
///
/// let summary = ErrorSummary::parse(b"{\"action\": \"dance\"}", Options::default());
/// assert_eq!((&*summary.unknown_actions[0].action, summary.unknown_actions[0].line_number), ("dance", 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownAction {
    /// The action.
    pub action: String,
    /// Which line of the file it is; the first is 1.
    pub line_number: u64,
}
