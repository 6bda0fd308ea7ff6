//! The description of the API by itself (§3.26).

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use crate::web::AppState;

/// What the document says about the whole API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Treeherder",
        description = "Pushes, jobs, logs and failures of a continuous integration, as Treeherder's clients know them.",
        license(name = "MPL-2.0", url = "https://www.mozilla.org/MPL/2.0/"),
        contact()
    ),
    tags(
        (name = "pushes", description = "What was pushed"),
        (name = "jobs", description = "What ran for it"),
        (name = "logs", description = "What it wrote"),
        (name = "failures", description = "What went wrong, and how often"),
        (name = "performance", description = "What was measured"),
        (name = "reference", description = "What all of these refer to"),
        (name = "classification", description = "What people say about it"),
        (name = "bugzilla", description = "Filing bugs"),
        (name = "accounts", description = "Logging in and out"),
        (name = "site", description = "What browsers report"),
        (name = "api", description = "The API itself"),
    )
)]
pub(crate) struct Api;

/// Completes the document and makes the route that serves it.
pub(in crate::web) fn router(document: &Document) -> Router<AppState> {
    let document: Arc<[u8]> = document.to_json().unwrap_or_default().into_bytes().into();
    Router::new().route("/api/schema/", get(move || show(Arc::clone(&document))))
}

async fn show(document: Arc<[u8]>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.to_vec()).into_response()
}
