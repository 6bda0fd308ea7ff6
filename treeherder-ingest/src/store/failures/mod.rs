//! Failures: error lines of raw logs, failure lines and group results of error summaries (`spec/ingest.md` §5.8 and
//! §6.2), and the reads that show them.
//!
//! The rows that go in are made from the parser's types with `From`.
//!
//! Writing the same results again changes nothing, so that a log may be parsed any number of times.

mod counting;
mod counts;
mod error_line;
mod error_summary;
mod group_result;
mod group_results;
mod parsed_log;
mod read;
mod replace;
mod text;

pub use counts::CountedLine;
pub use error_line::ErrorLine;
pub use error_summary::{FailureLineRow, StoredErrorSummary};
pub use group_result::GroupResultRow;
pub use group_results::GroupResults;
pub use read::{FailureContext, NewestErrorLine, NewestFailureLine};
pub use text::{error_line_text, storable_text};
