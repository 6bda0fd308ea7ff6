//! Pages of other sites may read, and ask before they do more (§1.5).

use axum::extract::Request;
use axum::http::{HeaderName, Method, header};
use axum::response::{IntoResponse as _, Response};

const ALLOWED: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "DELETE, GET, OPTIONS, PATCH, POST, PUT"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "86400"),
];

/// Answers what browsers ask before a request to another site.
pub(super) fn preflight(request: &Request) -> Option<Response> {
    let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    (request.method() == Method::OPTIONS && asks).then(|| ALLOWED.into_response())
}
