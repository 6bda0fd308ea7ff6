//! What browsers report about pages that break the content security policy (§8.5).

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;

/// Longest report that is logged, in bytes.
const LONGEST: usize = 4096;

/// Makes the route of reports.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report))
}

/// Takes a report of a browser; nobody needs to be logged in
#[utoipa::path(
    post,
    path = "/api/csp-report/",
    tag = "site",
    request_body = Value,
    responses((status = OK), (status = BAD_REQUEST))
)]
async fn report(body: Bytes) -> Response {
    let report: Option<Value> = serde_json::from_slice(&body).ok();
    let Some(report) = report.as_ref().and_then(|body| body.get("csp-report")) else {
        return (StatusCode::BAD_REQUEST, "Invalid CSP violation report").into_response();
    };
    let mut text = report.to_string();
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
    }
    tracing::warn!(report = text, "a browser reports a violation of the content security policy");
    StatusCode::OK.into_response()
}
