//! What has arrived in the database, in the terms of what the scenario says must arrive.

use std::collections::BTreeMap;

use serde::Serialize;
use treeherder_ingest::job::LogStatus;
use treeherder_testdata::scenario::Expected;

use crate::roles::Database;

/// Numbers of rows and logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Reached {
    pub(super) pushes: u64,
    pub(super) commits: u64,
    /// By `state/result`.
    pub(super) jobs: BTreeMap<String, u64>,
    pub(super) logs_parsed: u64,
    pub(super) logs_failed: u64,
    pub(super) failure_lines: u64,
    pub(super) summaries_parsed: u64,
    /// Those that cannot be fetched; what is no error summary becomes a dead letter.
    pub(super) summaries_failed: u64,
    pub(super) summary_lines: u64,
    pub(super) group_results: u64,
    pub(super) perf_parsed: u64,
    pub(super) perf_failed: u64,
    pub(super) data_points: u64,
    /// Work that cannot succeed, kept for people to look at; not part of what must be reached exactly.
    pub(super) dead_letters: u64,
}

impl Reached {
    /// Counts what is in the database.
    pub(super) async fn read(database: &Database) -> anyhow::Result<Self> {
        let tables = database.store.table_counts().await?;
        let rows = |name: &str| {
            let found = tables.iter().find(|table| table.table == name);
            found.map_or(0, |table| u64::try_from(table.rows).unwrap_or_default())
        };
        let mut reached = Self {
            pushes: rows("push"),
            commits: rows("commit"),
            failure_lines: rows("text_log_error"),
            summary_lines: rows("failure_line"),
            group_results: rows("group_status"),
            data_points: rows("performance_datum"),
            ..Self::default()
        };
        for tally in database.store.job_tallies().await? {
            reached.jobs.insert(format!("{}/{}", tally.state, tally.result), tally.jobs);
        }
        for tally in database.store.log_tallies().await? {
            let place = match (tally.name.as_str(), tally.status) {
                ("live_backing_log", Some(LogStatus::Parsed)) => &mut reached.logs_parsed,
                ("live_backing_log", Some(LogStatus::Failed)) => &mut reached.logs_failed,
                ("errorsummary_json", Some(LogStatus::Parsed)) => &mut reached.summaries_parsed,
                ("errorsummary_json", Some(LogStatus::Failed)) => &mut reached.summaries_failed,
                (name, Some(LogStatus::Parsed)) if name.starts_with("perfherder") => &mut reached.perf_parsed,
                (name, Some(LogStatus::Failed)) if name.starts_with("perfherder") => &mut reached.perf_failed,
                _ => continue,
            };
            *place += tally.logs;
        }
        reached.dead_letters = database.queue.depths().await?.iter().map(|depth| depth.dead).sum();
        Ok(reached)
    }

    /// Lists where this differs from what must arrive.
    pub(super) fn differences(&self, expected: &Expected) -> Vec<String> {
        let mut differences = Vec::new();
        for (name, reached, expected) in [
            ("pushes", self.pushes, expected.pushes),
            ("commits", self.commits, expected.commits),
            ("logs parsed", self.logs_parsed, expected.logs_parsed),
            ("logs failed", self.logs_failed, expected.logs_failed),
            ("failure lines", self.failure_lines, expected.failure_lines),
            ("error summaries", self.summaries_parsed, expected.summaries_parsed),
            ("error summaries failed", self.summaries_failed, expected.summaries_failed),
            ("lines of error summaries", self.summary_lines, expected.summary_lines),
            ("group results", self.group_results, expected.group_results),
            ("performance artifacts", self.perf_parsed, expected.perf_parsed),
            ("performance artifacts failed", self.perf_failed, expected.perf_failed),
            ("performance data", self.data_points, expected.data_points),
        ] {
            if reached != expected {
                differences.push(format!("{name}: {reached} instead of {expected}"));
            }
        }
        if self.jobs != expected.jobs {
            differences.push(format!("jobs: {:?} instead of {:?}", self.jobs, expected.jobs));
        }
        // Work that is still tried again may die later, so that there may be more.
        let dead = expected.dead_letters + expected.summaries_invalid;
        if self.dead_letters < dead {
            differences.push(format!("dead letters: {} instead of {dead}", self.dead_letters));
        }
        differences
    }

    /// Returns the number of jobs of all kinds.
    pub(super) fn total_jobs(&self) -> u64 {
        self.jobs.values().sum()
    }
}
