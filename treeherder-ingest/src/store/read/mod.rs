//! Reads for people: lists of pushes and jobs, and how full the tables are.

mod board;
mod counts;
mod feed;
mod ingested;
mod jobs;
mod pushes;
mod tallies;

pub use board::{Board, BoardJob, BoardName};
pub use counts::TableCount;
pub use feed::{Comparison, FieldKind, JobFeed, JobFilterField, Wanted};
pub use ingested::{IngestedCounts, JobGroupCount};
pub use jobs::{JobFilter, JobRow, JobSummary};
pub use pushes::{CommitSummary, PushSummary};
pub use tallies::{JobTally, LogTally};
