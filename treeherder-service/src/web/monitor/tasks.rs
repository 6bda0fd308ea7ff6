//! `/api/task/`: what became of tasks.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::Value;
use treeherder_ingest::monitor::{TaskRecord, TaskState};
use treeherder_ingest::queue::{MessageId, Queue};
use treeherder_ingest::store::{Store, TaskFilter};

use super::parameters::ListParameters;
use super::task::{Task, pairs};
use crate::web::json::Json;
use crate::web::response::Refused;

/// Lists tasks, those that changed last first.
pub(super) async fn all(
    State(store): State<Store>,
    parameters: ListParameters,
) -> Result<Json<Value>, Refused> {
    let filter =
        TaskFilter { limit: parameters.limit()?, since: parameters.since()?, ..TaskFilter::default() };
    Ok(Json(pairs(store.task_records(&filter).await?)))
}

/// Lists the names of tasks.
pub(super) async fn names(State(store): State<Store>) -> Result<Json<Vec<String>>, Refused> {
    Ok(Json(store.task_names().await?))
}

/// Lists tasks of one name, those that changed last first.
pub(super) async fn of_name(
    State(store): State<Store>,
    Path(name): Path<String>,
    parameters: ListParameters,
) -> Result<Json<Value>, Refused> {
    let filter = TaskFilter {
        task: Some(name),
        limit: parameters.limit()?,
        since: parameters.since()?,
        ..TaskFilter::default()
    };
    Ok(Json(pairs(store.task_records(&filter).await?)))
}

/// Answers with one task.
pub(super) async fn one(
    State(store): State<Store>,
    State(queue): State<Arc<dyn Queue>>,
    Path(id): Path<String>,
) -> Result<Json<Task>, Refused> {
    let unknown = || Refused::not_found(&format!("Unknown task {id}."));
    let Ok(id) = id.parse::<MessageId>() else { return Err(unknown()) };
    let record = match store.task_record(id).await? {
        Some(record) => Some(record),
        // One that no worker has had is known to its queue only.
        None => queue
            .find(id)
            .await?
            .map(|waiting| TaskRecord::of_waiting(&waiting, TaskState::Pending, waiting.first_seen)),
    };
    record.map(|record| Json(record.into())).ok_or_else(unknown)
}
