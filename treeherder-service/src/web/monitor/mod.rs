//! Whether the service is well, for machines and people.

mod health;

use axum::Router;
use axum::routing::get;

use super::state::AppState;

/// Makes the routes of this folder.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/__heartbeat__", get(health::heartbeat))
        .route("/__lbheartbeat__", get(health::load_balancer))
}

/// Makes the routes of a process that has no database.
pub(super) fn process_router() -> Router {
    Router::new().route("/__lbheartbeat__", get(health::load_balancer))
}
