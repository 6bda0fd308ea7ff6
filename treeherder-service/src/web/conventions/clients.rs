//! Programs that do not say who they are (§1.7).

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::web::response::page;

/// How the `User-Agent` of libraries begins that nobody has configured.
const UNNAMED: [&str; 5] =
    ["Go-http-client/", "Go 1.1 package http", "libcurl/", "Python-urllib/", "python-requests/"];

/// Refuses clients that name only the library they are made with.
pub(super) fn refusal(headers: &HeaderMap) -> Option<Response> {
    let agent = headers.get(header::USER_AGENT)?.as_bytes();
    let is_unnamed = UNNAMED.iter().any(|name| agent.starts_with(name.as_bytes()));
    is_unnamed.then(|| page(StatusCode::FORBIDDEN, "403 Forbidden: please set a descriptive User-Agent"))
}
