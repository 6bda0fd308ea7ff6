//! Whether the service is well and what it does, for machines and people
//! (`spec/api.md` §9.2, `spec/bridge-l10n-platform.md` §4.6).

mod health;
mod metrics;
mod parameters;
mod revoke;
mod task;
mod tasks;
mod workers;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use treeherder_ingest::queue::Queue;

pub(crate) use crate::config::HealthArgs as Health;

use super::state::AppState;
pub(super) use health::operational;

impl FromRef<AppState> for Arc<dyn Queue> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.queue)
    }
}

/// Makes the routes of this folder.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/metrics", get(metrics::all))
        .route("/api/worker/", get(workers::alive))
        .route("/api/worker/{name}/", get(workers::one))
        .route("/api/worker/{name}/tasks", get(workers::tasks))
        .route("/api/task/", get(tasks::all))
        .route("/api/task/name/", get(tasks::names))
        .route("/api/task/name/{name}", get(tasks::of_name))
        .route("/api/task/{id}/", get(tasks::one))
        .route("/api/revoke/task/", post(revoke::revoke))
}

/// Makes the routes of a process without a database.
pub(super) fn process_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/__lbheartbeat__", get(async || ())).route("/metrics", get(metrics::of_process))
}
