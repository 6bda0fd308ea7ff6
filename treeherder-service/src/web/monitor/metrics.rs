//! `/metrics`, for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use treeherder_ingest::monitor::Registry;
use treeherder_ingest::queue::Queue;
use treeherder_ingest::store::Store;

use crate::telemetry::{self, Snapshot};

/// The text format's own type.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers with the numbers of all processes.
pub(super) async fn all(State(store): State<Store>, State(queue): State<Arc<dyn Queue>>) -> Response {
    let snapshot = Snapshot::take(&store, queue.as_ref()).await;
    answer(telemetry::text(&snapshot))
}

/// Answers with what this process has counted, where there is no database.
pub(super) async fn of_process() -> Response {
    answer(telemetry::of_process(Registry::of_process().growth()))
}

fn answer(text: String) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}
