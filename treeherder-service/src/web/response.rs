//! Answers other than what was asked for (§1.2).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::json::Json;

/// Something that is not answered with what was asked for.
#[derive(Debug)]
pub(crate) struct Refused(StatusCode, Value);

impl Refused {
    /// An answer of any status with any body.
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self(status, body)
    }

    /// 403 with `{"detail": …}`.
    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::detail(StatusCode::FORBIDDEN, detail)
    }

    /// An answer of this status with `{"detail": …}`.
    pub(crate) fn detail(status: StatusCode, detail: &str) -> Self {
        Self(status, json!({"detail": detail}))
    }

    /// 404 with `{"detail": …}`.
    pub(crate) fn not_found(detail: &str) -> Self {
        Self::detail(StatusCode::NOT_FOUND, detail)
    }

    /// 404 for a project that is not known.
    pub(crate) fn no_project(name: &str) -> Self {
        Self::not_found(&format!("No project with name {name}"))
    }

    /// 404 with a bare string, as some views answer.
    pub(crate) fn missing(text: String) -> Self {
        Self(StatusCode::NOT_FOUND, Value::String(text))
    }

    /// 409 with `{"detail": …}`.
    pub(crate) fn conflict(detail: &str) -> Self {
        Self::detail(StatusCode::CONFLICT, detail)
    }

    /// 400 with `{"detail": …}`.
    pub(crate) fn invalid(detail: &str) -> Self {
        Self::detail(StatusCode::BAD_REQUEST, detail)
    }

    /// 400 with a body of any form.
    pub(crate) fn bad(body: Value) -> Self {
        Self(StatusCode::BAD_REQUEST, body)
    }

    /// 400 with the name of the field.
    pub(crate) fn field(name: &str, problem: &str) -> Self {
        Self::bad(json!({name: [problem]}))
    }
}

impl Refused {
    /// Returns the words of the answer, for pages.
    pub(crate) fn words(&self) -> &str {
        let Self(_, body) = self;
        body["detail"].as_str().or_else(|| body.as_str()).unwrap_or("That was refused.")
    }

    /// Returns the status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.0
    }
}

impl<E: std::error::Error> From<E> for Refused {
    /// An error of the database: its text is for the log, not for the client.
    fn from(error: E) -> Self {
        tracing::error!(%error, "cannot answer a request");
        Self::detail(StatusCode::INTERNAL_SERVER_ERROR, "Server Error (500)")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// A page for people that tells why there is nothing else.
pub(super) fn page(status: StatusCode, title: &str) -> Response {
    let body = format!("<!doctype html>\n<html lang=en><title>{title}</title>\n<h1>{title}</h1>\n");
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

/// Tells whether programs ask for a path, which are answered in JSON.
pub(super) fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/api"
}

/// Answers a path that nothing is at; below `/api/` as JSON.
pub(super) async fn nothing_here(uri: axum::http::Uri) -> Response {
    if is_api(uri.path()) {
        Refused::not_found("Not found.").into_response()
    } else {
        (StatusCode::NOT_FOUND, "Nothing is here.\n").into_response()
    }
}
