//! What a parser hands out.

use std::fmt;

use crate::perf::{PerformanceData, PerformanceProblem};

/// Something found in a log, in the order of the lines.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A line that says what failed.
    Failure(FailureLine<'a>),
    /// A line with valid performance data.
    Performance(PerformanceLine),
    /// Something that should have been performance data; never fatal.
    Problem(Problem),
}

/// A line that says what failed (`spec/ingest.md` §5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailureLine<'a> {
    /// Number of the line in the log, counted from 0, empty lines included.
    pub line_number: u64,
    /// Where the line begins in the decoded log, in bytes.
    pub offset: u64,
    /// The line as Treeherder stores it: cut, without the stripped prefix and without trailing white space.
    ///
    /// It borrows from the chunk when the line lies inside it and is valid UTF-8.
    pub text: &'a str,
}

/// A line with performance data (`spec/ingest.md` §5.6).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PerformanceLine {
    /// Number of the line in the log, counted from 0.
    pub line_number: u64,
    /// Where the line begins in the decoded log, in bytes.
    pub offset: u64,
    /// The validated data.
    pub data: Box<PerformanceData>,
}

/// Performance data that cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// Number of the line in the log, counted from 0.
    pub line_number: u64,
    /// Where the line begins in the decoded log, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// Why performance data cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It is no JSON, empty, or breaks the schema; the message names the JSON path.
    Invalid(PerformanceProblem),
    /// The line is longer than the limit of this many bytes.
    TooLong(usize),
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(problem) => problem.fmt(f),
            Self::TooLong(limit) => write!(f, "performance data longer than {limit} bytes was skipped"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line_number, self.kind)
    }
}

/// What a whole log came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Lines in the log, empty ones included.
    pub lines: u64,
    /// Bytes of the decoded log.
    pub bytes: u64,
    /// Failure lines handed out.
    pub failure_lines: u64,
    /// Valid performance data objects handed out.
    pub performance_data: u64,
    /// Problems handed out.
    pub problems: u64,
}
