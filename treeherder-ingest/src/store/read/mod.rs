//! Reads for people: lists of pushes and jobs, and how full the tables are.

mod counts;
mod jobs;
mod pushes;

pub use counts::TableCount;
pub use jobs::{JobFilter, JobRow, JobSummary};
pub use pushes::{CommitSummary, PushSummary};
