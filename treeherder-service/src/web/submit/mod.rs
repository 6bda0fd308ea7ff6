//! Submission over plain HTTP: pushes, jobs and logs of any CI system.

mod jobs;
mod log;
mod pushes;

use utoipa_axum::router::OpenApiRouter;

use super::accounts::Account;
use super::state::AppState;

/// Who may submit: whoever is logged in, which for programs means that they have a token.
pub(in crate::web) type Submitter = Account;

/// Makes the routes of this folder with their part of the OpenAPI document.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(jobs::router()).merge(log::router()).merge(pushes::router())
}
