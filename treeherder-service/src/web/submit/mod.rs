//! Submission over plain HTTP: pushes, jobs and logs of any CI system.

mod jobs;
mod log;
mod pushes;

use utoipa_axum::router::OpenApiRouter;

use super::accounts::Account;
use super::live::Live;
use super::response::Refused;
use super::state::AppState;

/// Who may submit: whoever is logged in, which for programs means that they have a token.
pub(in crate::web) type Submitter = Account;

/// Refuses what belongs to a project that this site is told not to ingest.
fn check_project(live: &Live, project: &str) -> Result<(), Refused> {
    if live.pipeline.takes(project) {
        return Ok(());
    }
    Err(Refused::not_found(&format!("Project {project} is not ingested here (PROJECTS_TO_INGEST)")))
}

/// Makes the routes of this folder with their part of the OpenAPI document.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(jobs::router()).merge(log::router()).merge(pushes::router())
}
