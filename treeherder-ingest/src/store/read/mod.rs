//! Reads for people: lists of pushes and jobs, and how full the tables are.

mod counts;
mod ingested;
mod jobs;
mod pushes;

pub use counts::TableCount;
pub use ingested::{IngestedCounts, JobGroupCount};
pub use jobs::{JobFilter, JobRow, JobSummary};
pub use pushes::{CommitSummary, PushSummary};
