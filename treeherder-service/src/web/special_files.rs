//! Small files that programs ask for (§9.1).

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::state::AppState;

/// The revision that was built, as whoever builds a release says; else the version.
pub(super) const REVISION: &str = match option_env!("TREEHERDER_REVISION") {
    Some(revision) => revision,
    None => env!("CARGO_PKG_VERSION"),
};

/// Makes the routes of the files.
pub(super) fn router() -> Router<AppState> {
    Router::new().route("/revision.txt", get(revision)).route("/robots.txt", get(robots))
}

/// Pages that are open compare this with what they were loaded with.
async fn revision() -> impl IntoResponse {
    text(&format!("{REVISION}\n"))
}

/// There is too much here for search engines.
async fn robots() -> impl IntoResponse {
    text("User-agent: *\nDisallow: /\n")
}

fn text(body: &str) -> impl IntoResponse + use<> {
    ([(header::CACHE_CONTROL, "max-age=60, public")], body.to_owned())
}
