//! Taking back everything that was said about jobs (§3.12).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use treeherder_ingest::store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::numbers::integer;
use crate::web::AppState;
use crate::web::accounts::Account;
use crate::web::json::Json;
use crate::web::json_body::JsonBody;
use crate::web::response::Refused;

/// Makes the route of unclassifying.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(unclassify))
}

/// Deletes all notes and bugs of jobs
///
/// The body is an array of objects that have an `id`, jobs as a front-end knows them for example. For sheriffs only.
#[utoipa::path(
    delete,
    path = "/api/project/{project}/classification/",
    tag = "classification",
    params(("project" = String, Path, description = "Name of the repository")),
    request_body = Value,
    responses((status = OK, body = Value), (status = FORBIDDEN, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn unclassify(
    State(store): State<Store>,
    account: Account,
    Path(_project): Path<String>,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<Value>, Refused> {
    // This view has a text of its own where others have that of `Sheriff`.
    if !account.may_sheriff() {
        return Err(Refused::new(StatusCode::FORBIDDEN, json!("Must be staff or in sheriffing group")));
    }
    let ids = ids(&body)?;
    if ids.is_empty() {
        return Err(Refused::missing("Must provide job IDs".to_owned()));
    }
    store.unclassify(&ids, &account.email).await?;
    Ok(Json(json!({"message": "Notes and bug classifications deleted"})))
}

fn ids(body: &Value) -> Result<Vec<i64>, Refused> {
    let jobs = match body {
        Value::Array(jobs) => jobs.as_slice(),
        // An empty body.
        Value::Object(fields) if fields.is_empty() => &[],
        _ => return Err(Refused::invalid("The body must be an array of jobs")),
    };
    let id = |job: &Value| integer(job.get("id")?);
    jobs.iter()
        .map(|job| id(job).ok_or_else(|| Refused::invalid("Each job must have an id that is an integer")))
        .collect()
}
