//! A task as monitors of Celery show it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use treeherder_ingest::monitor::{TaskRecord, TaskState};

/// A task. Times are seconds since the epoch.
#[derive(Debug, Serialize)]
pub(super) struct Task {
    uuid: String,
    name: String,
    state: TaskState,
    args: [(); 0],
    /// The arguments in short.
    kwargs: Value,
    worker: Option<String>,
    received: Option<f64>,
    started: Option<f64>,
    succeeded: Option<f64>,
    failed: Option<f64>,
    retried: Option<f64>,
    revoked: Option<f64>,
    /// When it came into its state.
    timestamp: f64,
    /// Seconds.
    runtime: Option<f64>,
    result: Option<()>,
    /// The outermost cause of its failure.
    exception: Option<String>,
    /// All causes of its failure.
    traceback: Option<String>,
    retries: u32,
    /// When it is tried again.
    eta: Option<String>,
    expires: Option<()>,
    exchange: &'static str,
    routing_key: &'static str,
    queue: &'static str,
    /// When its message was published.
    published: f64,
    revoked_by: Option<String>,
}

impl From<TaskRecord> for Task {
    fn from(record: TaskRecord) -> Self {
        let updated = seconds(record.updated);
        let when = |state: TaskState| (record.state == state).then_some(updated);
        let has_failed = matches!(record.state, TaskState::Failure | TaskState::Retry);
        let error = record.error.filter(|_| has_failed);
        Self {
            uuid: record.id.to_string(),
            name: record.task,
            state: record.state,
            args: [],
            kwargs: serde_json::from_str(&record.args).unwrap_or_else(|_| json!({})),
            worker: record.worker,
            received: record.received.map(seconds),
            started: record.started.map(seconds),
            succeeded: when(TaskState::Success),
            failed: when(TaskState::Failure),
            retried: when(TaskState::Retry),
            revoked: when(TaskState::Revoked),
            timestamp: updated,
            runtime: record.runtime_s,
            result: None,
            exception: error.as_deref().and_then(|error| error.lines().next()).map(ToOwned::to_owned),
            traceback: error,
            retries: record.attempts.saturating_sub(1),
            eta: record.due.map(|due| due.to_rfc3339()),
            expires: None,
            // Queues are reached by the default exchange.
            exchange: "",
            routing_key: record.queue.as_str(),
            queue: record.queue.as_str(),
            published: seconds(record.published),
            revoked_by: record.revoked_by,
        }
    }
}

/// Writes a moment as seconds since the epoch.
pub(super) fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}

/// Makes the list of pairs of id and task.
pub(super) fn pairs(records: Vec<TaskRecord>) -> Value {
    records.into_iter().map(|record| json!([record.id, Task::from(record)])).collect()
}
