//! The jobs page: pushes, the newest first, and what became of their jobs (§11.2–§11.4).

mod data;
mod filter;
mod layout;
mod page;
pub(super) mod platform;
mod push;
mod range;
pub(super) mod status;

use axum::Router;
use axum::routing::get;

use crate::web::AppState;

pub(super) use layout::{HIDDEN_TIER, Progress};
pub(super) use page::task_run;

/// Makes the routes of this folder.
pub(super) fn router() -> Router<AppState> {
    Router::new().route("/jobs", get(page::show)).route("/jobs/data", get(page::data))
}
