//! Small files that programs ask for (§9.1).

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;

use super::json::Json;
use super::state::AppState;

/// How long they are kept.
const CACHED: &str = "max-age=60, public";

/// The revision that was built, as whoever builds a release says; else the version.
pub(super) const REVISION: &str = match option_env!("TREEHERDER_REVISION") {
    Some(revision) => revision,
    None => env!("CARGO_PKG_VERSION"),
};

/// Makes the routes of the files.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/revision.txt", get(revision))
        .route("/robots.txt", get(robots))
        .route("/contribute.json", get(contribute))
}

/// Pages that are open compare this with what they were loaded with.
async fn revision() -> impl IntoResponse {
    text(&format!("{REVISION}\n"))
}

/// There is too much here for search engines.
async fn robots() -> impl IntoResponse {
    text("User-agent: *\nDisallow: /\n")
}

/// Tells people and directories of projects what this is.
async fn contribute() -> impl IntoResponse {
    let about = json!({
        "name": "Treeherder",
        "description": "What continuous integration says about pushes: jobs, their logs and failures.",
        "repository": {"license": env!("CARGO_PKG_LICENSE")},
        "participate": {"docs": "/docs"},
        "keywords": ["Rust", "continuous integration", "Taskcluster", "logs", "failures"],
    });
    ([(header::CACHE_CONTROL, CACHED)], Json(about))
}

fn text(body: &str) -> impl IntoResponse + use<> {
    ([(header::CACHE_CONTROL, CACHED)], body.to_owned())
}
