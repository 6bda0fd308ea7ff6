//! Structured error summaries: the `errorsummary.log` artifacts of test tasks (§5.8 of the ingestion
//! specification).
//!
//! Such a file has one JSON object per line. Its `action` says what it is: a failure line, the result of a group of tests
//! (a manifest), or something else. [`ErrorSummaryReader`] takes the file in chunks as they come from wherever, and
//! hands out one [`ErrorSummaryLine`] after the other; [`ErrorSummary::parse`] does it at once for a file in memory.
//!
//! Decisions, where the original service does something odd:
//! - The text is UTF-8 with U+FFFD for what is not (§5.8.2, Q-18), and lines end at LF or CR LF (§5.8.3). An
//!   empty line is no JSON, and so an error, as it always was.
//! - The cut-off counts all lines of the file, whatever they say (§5.8.1, Q-17), so that long files lose the group
//!   results at their end; [`Counted::FailureLines`] keeps those.
//! - A line that cannot be read ends the file, but what came before it is handed out.

mod error;
mod fields;
mod line;
mod reader;
mod summary;

pub use error::{ErrorSummaryError, LineFault};
pub use line::{
    ColumnProblem, ErrorSummaryLine, FailureAction, FailureLine, GroupRejection, GroupResult, GroupStatus,
    RejectedGroup, UnknownAction,
};
pub use reader::{Counted, ErrorSummaryReader, Options};
pub use summary::ErrorSummary;
