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
