//! What all answers have in common (§1.1, §1.2, §1.5).

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Timelike as _, Utc};
use serde_json::{Value, json};

/// Something that is not answered with what was asked for.
#[derive(Debug)]
pub(super) struct Refused(StatusCode, Value);

impl Refused {
    /// 404 with `{"detail": …}`.
    pub(super) fn not_found(detail: &str) -> Self {
        Self(StatusCode::NOT_FOUND, json!({"detail": detail}))
    }

    /// 404 with a bare string, as some views answer.
    pub(super) fn missing(text: String) -> Self {
        Self(StatusCode::NOT_FOUND, Value::String(text))
    }

    /// 403 with `{"detail": …}`.
    pub(super) fn forbidden(detail: &str) -> Self {
        Self(StatusCode::FORBIDDEN, json!({"detail": detail}))
    }

    /// 409 with `{"detail": …}`.
    pub(super) fn conflict(detail: &str) -> Self {
        Self(StatusCode::CONFLICT, json!({"detail": detail}))
    }

    /// 400 with the name of the field.
    pub(super) fn field(name: &str, problem: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, json!({name: [problem]}))
    }
}

impl<E: std::error::Error> From<E> for Refused {
    /// An error of the database: its text is for the log, not for the client.
    fn from(error: E) -> Self {
        tracing::error!(%error, "cannot answer a request");
        Self(StatusCode::INTERNAL_SERVER_ERROR, json!({"detail": "Server Error (500)"}))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// Answers a path that nothing is at; below `/api/` as JSON.
pub(super) async fn nothing_here(uri: axum::http::Uri) -> Response {
    if uri.path().starts_with("/api/") {
        Refused::not_found("Not found.").into_response()
    } else {
        (StatusCode::NOT_FOUND, "Nothing is here.\n").into_response()
    }
}

/// Answers a method that a path does not take.
pub(super) async fn method_not_allowed(method: Method) -> Response {
    let detail = format!("Method \"{method}\" not allowed.");
    (StatusCode::METHOD_NOT_ALLOWED, Json(json!({"detail": detail}))).into_response()
}

/// Adds the headers of every answer.
pub(super) async fn add_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (header::VARY, "Accept, Cookie, origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "origin-when-cross-origin"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Writes a moment as clients expect it: without a zone, with six digits when there is a fraction.
pub(super) fn naive(time: DateTime<Utc>) -> String {
    let form = if time.nanosecond() / 1000 == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    time.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_no_zone() {
        let time = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        assert_eq!(naive(time), "2026-01-01T00:00:00");
        assert_eq!(naive(time + chrono::TimeDelta::microseconds(1500)), "2026-01-01T00:00:00.001500");
    }
}
