//! `/api/project/{project}/jobs/0/unclassified_failure_count/`: with what the badge of a page begins (§4.3).

use axum::extract::{Path, State};
use chrono::Utc;
use serde_json::{Value, json};
use treeherder_ingest::store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::response::Refused;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(unclassified))
}

/// Counts the failed jobs of the last week's pushes that nobody has classified.
///
/// `count_excluded` leaves those of tier 3 out, which are hidden by default. Changes are told by the live event
/// `unclassified_failure_count`.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/0/unclassified_failure_count/",
    tag = "live",
    params(("project" = String, Path)),
    responses((status = OK, body = Value), (status = NOT_FOUND, description = "No such active repository"))
)]
async fn unclassified(
    State(store): State<Store>,
    Path(project): Path<String>,
) -> Result<Json<Value>, Refused> {
    let counts = store.unclassified_counts(Utc::now()).await?;
    let count = counts.into_iter().find(|count| count.branch == project);
    let count = count.ok_or_else(|| Refused::not_found(&format!("No project with name {project}")))?;
    Ok(Json(json!({"count": count.count, "count_excluded": count.count_excluded})))
}
