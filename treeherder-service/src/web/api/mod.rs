//! The REST API: one module for each resource, each with a router of its own (`spec/api.md` §2).

mod jobs;
mod repositories;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

/// Makes the routes below `/api/` with their part of the OpenAPI document; none of them redirects to another
/// spelling (§1.6).
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(jobs::router()).merge(repositories::router())
}
