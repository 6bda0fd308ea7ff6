//! What jobs tell about their push (§3.8, §3.9, §3.10).

use axum::extract::{Path, State};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};
use treeherder_ingest::store::Store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(decision_tasks))
        .routes(routes!(group_results))
}

/// Counts the unclassified jobs of a push
///
/// By state until they are completed, by result then; jobs of tier 3 do not count.
#[utoipa::path(
    get,
    path = "/api/project/{project}/push/{id}/status/",
    tag = "pushes",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i32, Path, description = "Id of the push"),
    ),
    responses((status = OK, body = BTreeMap<String, i64>), (status = NOT_FOUND, body = Value))
)]
async fn status(
    State(store): State<Store>,
    Path((_project, id)): Path<(String, String)>,
) -> Result<Json<Map<String, Value>>, Refused> {
    let missing = || Refused::missing(format!("No push with id: {id}"));
    let number = id.parse().map_err(|_| missing())?;
    let tallies = store.push_status(number).await?.ok_or_else(missing)?;
    let mut counts: IndexMap<String, i64> =
        ["completed", "pending", "running"].into_iter().map(|state| (state.to_owned(), 0)).collect();
    for (state, result, jobs) in tallies {
        if state == "completed" {
            *counts.entry(result).or_default() += jobs;
        }
        *counts.entry(state).or_default() += jobs;
    }
    if let Some(superseded) = counts.get("superseded").copied() {
        counts.insert("coalesced".to_owned(), superseded);
    }
    Ok(Json(counts.into_iter().map(|(name, jobs)| (name, jobs.into())).collect()))
}

/// A decision task.
#[derive(Debug, Serialize, ToSchema)]
struct DecisionTask {
    /// Slug of the task.
    id: String,
    /// Run of the task, a text.
    run: String,
}

/// Finds the decision tasks of pushes
///
/// Pushes that have no successful one are missing.
#[utoipa::path(
    get,
    path = "/api/project/{project}/push/decisiontask/",
    tag = "pushes",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("push_ids" = String, Query, description = "Ids of pushes with commas between them"),
    ),
    responses(
        (status = OK, body = BTreeMap<String, DecisionTask>),
        (status = BAD_REQUEST, body = Value),
        (status = NOT_FOUND, body = Value),
    )
)]
async fn decision_tasks(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<IndexMap<String, DecisionTask>>, Refused> {
    let text = parameters.text("push_ids").unwrap_or_default();
    let texts: Vec<&str> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    let ids: Result<Vec<i32>, _> = texts.iter().map(|id| id.parse()).collect();
    let ids = ids.ok().filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| Refused::invalid("push_ids must be integers with commas between them"))?;
    let tasks = store.decision_tasks(&ids).await?;
    if tasks.is_empty() {
        let asked: Vec<String> = texts.iter().map(|id| format!("'{id}'")).collect();
        return Err(Refused::missing(format!("No decision tasks found for pushes: [{}]", asked.join(", "))));
    }
    let shown = tasks.into_iter().map(|(push, task)| {
        (push.to_string(), DecisionTask { id: task.task_id, run: task.retry_id.to_string() })
    });
    Ok(Json(shown.collect()))
}

/// Lists the results of the test groups of a push
///
/// By task and group: whether the group went well.
#[utoipa::path(
    get,
    path = "/api/project/{project}/push/group_results/",
    tag = "pushes",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("revision" = String, Query, description = "Head commit of the push, all 40 characters"),
    ),
    responses(
        (status = OK, body = BTreeMap<String, BTreeMap<String, bool>>),
        (status = NOT_FOUND, body = Value),
    )
)]
async fn group_results(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<IndexMap<String, IndexMap<String, bool>>>, Refused> {
    let revision = parameters.last("revision").unwrap_or_default();
    let results = store.push_group_results(&project, revision).await?;
    results.map(Json).ok_or_else(|| Refused::missing(format!("No push with revision: {revision}")))
}
