//! Options, failure classifications, platforms and tasks (§3.16).

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::store::Store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the routes of reference data.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(option_collections))
        .routes(routes!(failure_classifications))
        .routes(routes!(failure_classification))
        .routes(routes!(machine_platforms))
        .routes(routes!(tasks))
        .routes(routes!(task))
}

/// Options that jobs have together.
#[derive(Debug, Serialize, ToSchema)]
struct OptionCollection {
    /// Hash of the names.
    option_collection_hash: String,
    /// The options.
    options: Vec<JobOption>,
}

/// An option.
#[derive(Debug, Serialize, ToSchema)]
struct JobOption {
    /// `opt`, `debug`, ….
    name: String,
}

/// Lists the collections of options
#[utoipa::path(
    get,
    path = "/api/optioncollectionhash/",
    tag = "reference",
    responses((status = OK, body = Vec<OptionCollection>))
)]
async fn option_collections(State(store): State<Store>) -> Result<Json<Vec<OptionCollection>>, Refused> {
    let collections = store.option_collections().await?;
    let shown = collections.into_iter().map(|(option_collection_hash, names)| OptionCollection {
        option_collection_hash,
        options: names.into_iter().map(|name| JobOption { name }).collect(),
    });
    Ok(Json(shown.collect()))
}

/// What is wrong with a job, in the eyes of people.
#[derive(Debug, Serialize, ToSchema)]
struct FailureClassification {
    /// Id, the same everywhere.
    id: i32,
    /// Name.
    name: String,
    /// Always empty; some clients want the field.
    description: &'static str,
}

async fn classifications(store: &Store) -> Result<Vec<FailureClassification>, Refused> {
    let shown = store.failure_classifications().await?.into_iter().map(|row| FailureClassification {
        id: row.id,
        name: row.name,
        description: "",
    });
    Ok(shown.collect())
}

/// Lists the failure classifications
#[utoipa::path(
    get,
    path = "/api/failureclassification/",
    tag = "reference",
    responses((status = OK, body = Vec<FailureClassification>))
)]
async fn failure_classifications(
    State(store): State<Store>,
) -> Result<Json<Vec<FailureClassification>>, Refused> {
    Ok(Json(classifications(&store).await?))
}

/// Shows a failure classification
#[utoipa::path(
    get,
    path = "/api/failureclassification/{id}/",
    tag = "reference",
    params(("id" = i32, Path, description = "Id of the classification")),
    responses((status = OK, body = FailureClassification), (status = NOT_FOUND, body = Value))
)]
async fn failure_classification(
    State(store): State<Store>,
    Path(id): Path<String>,
) -> Result<Json<FailureClassification>, Refused> {
    let Ok(id) = id.parse::<i32>() else { return Err(Refused::not_found("Not found.")) };
    let found = classifications(&store).await?.into_iter().find(|row| row.id == id);
    found.map(Json).ok_or_else(|| Refused::not_found("No FailureClassification matches the given query."))
}

/// A platform that jobs run on.
#[derive(Debug, Serialize, ToSchema)]
struct MachinePlatform {
    /// Id.
    id: i32,
    /// Name; several ids may have the same.
    platform: String,
}

/// Lists the platforms that jobs ran on
#[utoipa::path(
    get,
    path = "/api/machineplatforms/",
    tag = "reference",
    responses((status = OK, body = Vec<MachinePlatform>))
)]
async fn machine_platforms(State(store): State<Store>) -> Result<Json<Vec<MachinePlatform>>, Refused> {
    let platforms = store.machine_platforms().await?;
    let shown = platforms.into_iter().map(|row| MachinePlatform { id: row.id, platform: row.platform });
    Ok(Json(shown.collect()))
}

/// The task that a job is.
#[derive(Debug, Serialize, ToSchema)]
struct Task {
    /// Id of the job.
    job: i64,
    /// Slug of the task.
    task_id: String,
    /// Run of the task.
    retry_id: i32,
}

async fn tasks_of(store: &Store, ids: &[i64]) -> Result<Vec<Task>, Refused> {
    let tasks = store.tasks_of_jobs(ids).await?;
    let shown =
        tasks.into_iter().map(|row| Task { job: row.job_id, task_id: row.task_id, retry_id: row.retry_id });
    Ok(shown.collect())
}

/// Lists the tasks of jobs
#[utoipa::path(
    get,
    path = "/api/taskclustermetadata/",
    tag = "reference",
    params(("job_ids" = Option<String>, Query, description = "Ids of jobs with commas between them")),
    responses((status = OK, body = Vec<Task>), (status = BAD_REQUEST, body = Value))
)]
async fn tasks(State(store): State<Store>, parameters: Parameters) -> Result<Json<Vec<Task>>, Refused> {
    let text = parameters.text("job_ids").unwrap_or_default();
    let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids: Result<Vec<i64>, _> = ids.map(str::parse).collect();
    let ids = ids.map_err(|_| Refused::field("job_ids", "A valid integer is required."))?;
    Ok(Json(tasks_of(&store, &ids).await?))
}

/// Shows the task of a job
#[utoipa::path(
    get,
    path = "/api/taskclustermetadata/{job_id}/",
    tag = "reference",
    params(("job_id" = i64, Path, description = "Id of the job")),
    responses((status = OK, body = Task), (status = NOT_FOUND, body = Value))
)]
async fn task(State(store): State<Store>, Path(job_id): Path<String>) -> Result<Json<Task>, Refused> {
    let Ok(job_id) = job_id.parse::<i64>() else { return Err(Refused::not_found("Not found.")) };
    let found = tasks_of(&store, &[job_id]).await?.pop();
    found.map(Json).ok_or_else(|| Refused::not_found("No TaskclusterMetadata matches the given query."))
}
