//! `/api/bugzilla/post_comment/`.

use axum::extract::State;
use serde_json::{Value, json};
use treeherder_ingest::bugzilla::Bugzilla;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{failure, is_truthy, refused};
use crate::web::AppState;
use crate::web::accounts::Account;
use crate::web::api::numbers::integer;
use crate::web::json::Json;
use crate::web::json_body::JsonBody;
use crate::web::response::Refused;

/// Makes the route of commenting.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(post_comment))
}

/// Comments on a bug at Bugzilla
#[utoipa::path(
    post,
    path = "/api/bugzilla/post_comment/",
    tag = "bugzilla",
    request_body = Value,
    responses((status = OK, body = Value), (status = BAD_REQUEST, body = Value), (status = FORBIDDEN, body = Value))
)]
async fn post_comment(
    State(bugzilla): State<Bugzilla>,
    account: Account,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<Value>, Refused> {
    let key = bugzilla.options().perf_sheriff_key.as_ref();
    let key = key.ok_or_else(|| failure("Performance sheriff bot API key not set!"))?;
    for name in ["bug_id", "comment"] {
        if !is_truthy(body.get(name)) {
            return Err(failure(&format!("{name} is required")));
        }
    }
    // A number, so that nothing else of Bugzilla's addresses can be meant.
    let number = body.get("bug_id").and_then(integer).filter(|number| *number > 0);
    let number = number.ok_or_else(|| failure("bug_id must be an integer"))?;
    let change = json!({"comment": {"body": body["comment"]}, "keywords": {"add": ["perf-alert"]}});
    let answer = bugzilla.change_bug(key, number, &change).await.map_err(|error| refused(&error))?;
    tracing::info!(bug = number, account = account.username, "commented on a bug");
    Ok(Json(json!({"id": answer["bugs"][0]["id"]})))
}
