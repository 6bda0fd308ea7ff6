//! The details of a job: a page of its own, and the same beside the list of jobs (§11.7).

mod artifacts;
mod page;
mod view;

use axum::Router;
use axum::routing::get;

use crate::web::AppState;

pub(super) use view::JobView;

/// Makes the routes of this folder.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/jobs/{repository}/{id}", get(page::show))
        .route("/jobs/{repository}/{id}/artifacts", get(artifacts::show))
}
