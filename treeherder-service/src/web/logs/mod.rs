//! Logs for people who look at them: any lines of a log of any size, error lines with what is around them, and the log of a
//! task that still runs.

mod errors;
mod follow;
mod inflated;
mod job;
mod lines;
mod search;
mod whole;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

pub(in crate::web) use job::find_job;

/// Makes the routes of this folder with their part of the OpenAPI document.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(lines::router())
        .merge(search::router())
        .merge(errors::router())
        .merge(follow::router())
        .merge(whole::router())
}
