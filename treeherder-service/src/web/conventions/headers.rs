//! The headers of every answer (§1.5).

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::site::Site;

const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "origin-when-cross-origin"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
];

/// Adds the headers; an answer that has one of them already keeps its own.
pub(super) async fn add(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.append(header::VARY, HeaderValue::from_static("Accept, Cookie, origin"));
    if site.is_secure() {
        let always = HeaderValue::from_static("max-age=31536000; includeSubDomains; preload");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, always);
    }
    response
}
