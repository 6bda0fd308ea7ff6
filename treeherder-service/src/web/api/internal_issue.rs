//! Issues that Bugzilla does not have (§3.21).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};
use treeherder_ingest::store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::investigated_tests::text;
use crate::web::AppState;
use crate::web::accounts::Account;
use crate::web::json::Json;
use crate::web::json_body::JsonBody;
use crate::web::response::Refused;

/// Longest summary.
const LONGEST: usize = 255;

/// Makes the route of internal issues. It takes whatever is below it, which is the same.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create)).route("/api/internal_issue/{*rest}", post(create))
}

/// Makes an internal issue, or finds the open one with this summary
#[utoipa::path(
    post,
    path = "/api/internal_issue/",
    tag = "classification",
    request_body = Value,
    responses((status = CREATED, body = Value), (status = BAD_REQUEST, body = Value), (status = FORBIDDEN, body = Value))
)]
async fn create(
    State(store): State<Store>,
    _account: Account,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, Refused> {
    let summary = text(&body, "summary")?.trim();
    if summary.chars().count() > LONGEST {
        let problem = format!("Ensure this field has no more than {LONGEST} characters.");
        return Err(Refused::field("summary", &problem));
    }
    let issue = store.internal_issue(summary).await?;
    let body = json!({"internal_id": issue.internal_id, "summary": issue.summary});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}
