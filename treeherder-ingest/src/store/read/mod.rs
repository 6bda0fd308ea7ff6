//! Reads for the API and for people: lists of pushes and jobs, what they refer to, and how full the tables are.

mod board;
mod components;
mod counts;
mod group_summary;
mod infra_compare;
mod ingested;
mod intermittents;
mod job_filter;
mod job_groups;
mod job_page;
mod job_records;
mod jobs;
mod names;
mod newest_pushes;
mod perf_data;
mod perf_graph;
mod perf_series;
mod perf_signatures;
#[cfg(test)]
mod plan_tests;
mod push_filter;
mod push_jobs;
mod pushes;
mod reference;
mod tallies;

pub use board::{Board, BoardJob, BoardName};
pub use components::FileSearch;
pub use counts::TableCount;
pub use group_summary::GroupTally;
pub use infra_compare::{Compared, JobTimes};
pub use ingested::{IngestedCounts, JobGroupCount};
pub use intermittents::{BugFailure, BugFailures, DayOfFailures, FailedJob, PushSpan};
pub use job_filter::{Comparison, FieldKind, JobFilterField, Wanted};
pub use job_groups::JobGroup;
pub use job_page::{DetailedJob, DetailedJobs, JobCore, JobDetails, JobRecord, JobRecords};
pub use job_records::{JobQuery, LogPlace};
pub use jobs::{JobFilter, JobRow, JobSummary};
pub(super) use names::Names;
pub use names::{Kind, PlatformName, SignatureName};
pub use newest_pushes::NewestPush;
pub use perf_data::{DatumQuery, DatumSummary};
pub use perf_graph::{Graph, GraphPoint, GraphQuery, GraphSeries, GraphedSeries};
pub use perf_signatures::{SeriesQuery, SeriesSummary};
pub use push_filter::PushCondition;
pub use push_jobs::DecisionTask;
pub use pushes::{CommitSummary, PushQuery, PushSummary};
pub use tallies::{JobTally, LogTally, PushTally};

use sea_orm::{DbErr, QueryResult};

/// Reads a count from a column.
fn count_at(row: &QueryResult, column: usize) -> Result<u64, DbErr> {
    Ok(u64::try_from(row.try_get_by_index::<i64>(column)?).unwrap_or_default())
}

/// Writes the placeholders of `count` values, the first of which is number `first`.
///
/// Values are bound rather than written into the statement, so that the database has to understand each statement only once.
fn placeholders(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
    names.join(",")
}
