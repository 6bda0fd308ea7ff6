//! What failed lately.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use treeherder_ingest::monitor::TaskState;
use treeherder_ingest::store::TaskFilter;

use super::finding::Findings;
use crate::output::{printable, shortened};
use crate::roles::Database;

const CHECK: &str = "tasks";
/// How long ago is lately.
const LATELY: TimeDelta = TimeDelta::hours(1);
/// Most records that are looked at.
const LIMIT: u32 = 1_000;
/// Characters of an error that are shown.
const ERROR_SHOWN: usize = 160;

pub(super) async fn examine(database: &Database, findings: &mut Findings) {
    let filter = TaskFilter {
        state: Some(TaskState::Retry),
        since: Some(Utc::now() - LATELY),
        limit: LIMIT,
        ..TaskFilter::default()
    };
    let records = match database.store.task_records(&filter).await {
        Ok(records) => records,
        Err(error) => {
            findings.problem(
                CHECK,
                format!("the records of tasks cannot be read: {error}"),
                "See what the database server logs.",
            );
            return;
        }
    };
    let mut by_task: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for record in &records {
        // The newest comes first.
        let error = record.error.as_deref().unwrap_or_default();
        by_task.entry(&record.task).or_insert((0, error)).0 += 1;
    }
    for (task, (number, error)) in &by_task {
        let error = printable(&shortened(error, ERROR_SHOWN));
        findings.note(
            CHECK,
            format!(
                "{task}: {number} failed within the last hour and will be tried again; the newest: {error}"
            ),
            format!(
                "If the error does not pass by itself, look at /api/task/name/{task} for the whole of it."
            ),
        );
    }
    if by_task.is_empty() {
        findings.ok(CHECK, "nothing that failed within the last hour waits for another try");
    }
}
