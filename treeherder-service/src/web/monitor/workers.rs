//! `/api/worker/`: which processes there are.

use axum::extract::{Path, State};
use serde_json::{Value, json};
use treeherder_ingest::store::{Store, TaskFilter, WorkerRow};

use super::parameters::ListParameters;
use super::task::{pairs, seconds};
use crate::web::json::Json;
use crate::web::response::Refused;

/// Lists the processes that were heard of lately.
pub(super) async fn alive(State(store): State<Store>) -> Result<Json<Value>, Refused> {
    let workers = store.workers().await?;
    Ok(Json(workers.iter().filter(|worker| worker.alive).map(shown).collect()))
}

/// Answers with one process, living or not.
pub(super) async fn one(
    State(store): State<Store>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refused> {
    Ok(Json(shown(&found(&store, &name).await?)))
}

/// Lists the tasks that a process had, those that changed last first.
pub(super) async fn tasks(
    State(store): State<Store>,
    Path(name): Path<String>,
    parameters: ListParameters,
) -> Result<Json<Value>, Refused> {
    let worker = found(&store, &name).await?;
    let filter = TaskFilter {
        worker: Some(worker.name),
        limit: parameters.limit()?,
        since: parameters.since()?,
        ..TaskFilter::default()
    };
    Ok(Json(pairs(store.task_records(&filter).await?)))
}

/// Finds a process by its name, or by that of its machine when there is no other one of that machine.
async fn found(store: &Store, name: &str) -> Result<WorkerRow, Refused> {
    let workers = store.workers().await?;
    if let Some(worker) = workers.iter().find(|worker| worker.name == name) {
        return Ok(worker.clone());
    }
    let here: Vec<&WorkerRow> = workers.iter().filter(|worker| worker.host == name).collect();
    let alive: Vec<&WorkerRow> = here.iter().copied().filter(|worker| worker.alive).collect();
    match (here.as_slice(), alive.as_slice()) {
        ([worker], _) | (_, [worker]) => Ok((*worker).clone()),
        ([], _) => Err(Refused::not_found(&format!("Unknown worker {name}."))),
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|worker| worker.name.as_str()).collect();
            let detail = format!("{name} has several workers: {}.", names.join(", "));
            Err(Refused::not_found(&detail))
        }
    }
}

fn shown(worker: &WorkerRow) -> Value {
    json!({
        "hostname": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "pool": worker.pool,
        "queues": worker.queues,
        "concurrency": worker.concurrency,
        "alive": worker.alive,
        "started": seconds(worker.started),
        "heartbeat": seconds(worker.heartbeat),
        "stopped": worker.stopped.map(seconds),
        "clock_offset": worker.clock_offset_ms as f64 / 1000.0,
        "active": worker.active,
        "received": worker.received,
        "succeeded": worker.succeeded,
        "retried": worker.retried,
        "failed": worker.dead,
        "sw_ver": worker.version,
    })
}
