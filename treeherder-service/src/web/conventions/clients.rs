//! Programs that do not say who they are (§1.7).

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::response::page;

/// How the `User-Agent` of libraries begins that nobody has configured.
const UNNAMED: [&str; 5] =
    ["Go-http-client/", "Go 1.1 package http", "libcurl/", "Python-urllib/", "python-requests/"];

/// Refuses clients that name only the library they are made with.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let agent = request.headers().get(header::USER_AGENT).map(|agent| agent.as_bytes());
    if agent.is_some_and(|agent| UNNAMED.iter().any(|name| agent.starts_with(name.as_bytes()))) {
        return page(StatusCode::FORBIDDEN, "403 Forbidden: please set a descriptive User-Agent");
    }
    next.run(request).await
}
