//! Whether the service is well (§9.2).

use crate::web::json::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use treeherder_ingest::store::Store;

/// Answers 200 when the database answers with the tables of this version.
pub(super) async fn heartbeat(State(store): State<Store>) -> (StatusCode, Json<Value>) {
    match store.repositories().await {
        Ok(_) => (StatusCode::OK, Json(json!({"status": "ok"}))),
        Err(error) => {
            tracing::error!(%error, "the heartbeat finds no database");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"status": "error"})))
        }
    }
}

/// Answers 200 and checks nothing, for load balancers.
pub(super) async fn load_balancer() {}
