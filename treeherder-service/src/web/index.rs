//! What there is to ask for.

use axum::Json;
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

/// Lists the global endpoints as absolute URLs.
pub(super) async fn endpoints(headers: HeaderMap) -> Json<Value> {
    let site = site(&headers);
    let endpoints: Map<String, Value> = ["jobs", "repository"]
        .into_iter()
        .map(|name| (name.to_owned(), Value::String(format!("{site}/api/{name}/"))))
        .collect();
    Json(Value::Object(endpoints))
}

/// Returns scheme and host as the client addressed them.
pub(super) fn site(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    let host = text(header::HOST.as_str()).unwrap_or("localhost");
    format!("{scheme}://{host}")
}
