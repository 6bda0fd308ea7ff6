//! One job of a project, its error lines included (§3.2, §3.3).

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use treeherder_ingest::store::{DetailedJob, Store};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::job_object::CommonProperties;
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::response::Refused;

/// Makes the routes of single jobs.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(detail)).routes(routes!(text_log_errors))
}

/// A job with its logs.
#[derive(Debug, Serialize, ToSchema)]
struct JobDetail<'a> {
    #[serde(flatten)]
    common: CommonProperties<'a>,
    /// Path of this answer.
    resource_uri: String,
    /// Logs in the order of their ids, the live log first.
    logs: Vec<JobLog>,
    /// Names of the options with blanks between them; missing when there are none.
    #[serde(skip_serializing_if = "str::is_empty")]
    platform_option: &'a str,
    /// Slug of the task; missing when the job is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<&'a str>,
    /// Run of the task; missing when the job is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_id: Option<i32>,
    /// Both of them again.
    #[serde(skip_serializing_if = "Option::is_none")]
    taskcluster_metadata: Option<TaskRun<'a>>,
}

/// A run of a task.
#[derive(Debug, Serialize, ToSchema)]
struct TaskRun<'a> {
    /// Slug of the task.
    task_id: &'a str,
    /// Run of the task.
    retry_id: i32,
}

/// A log of a job.
#[derive(Debug, Serialize, ToSchema)]
struct JobLog {
    /// `live_backing_log`, `errorsummary_json` or the name of a file with performance data.
    name: String,
    /// Where it is.
    url: String,
}

/// Shows a job
///
/// With everything that is known about it, and where its logs are.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{id}/",
    tag = "jobs",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the job"),
    ),
    responses((status = OK, body = JobDetail<'static>), (status = NOT_FOUND, body = Value))
)]
async fn detail(
    State(store): State<Store>,
    Path((project, id)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let found = match id.parse() {
        Ok(id) => store.job_with_logs(&project, id).await?,
        Err(_) => None,
    };
    let (job, logs) = found.ok_or_else(|| no_job(&id))?;
    let record = &job.record;
    let task_id = record.task_id.as_deref();
    let run = task_id.zip(record.retry_id).map(|(task_id, retry_id)| TaskRun { task_id, retry_id });
    let detail = JobDetail {
        common: CommonProperties::new(&job),
        resource_uri: format!("/api/project/{project}/jobs/{}/", record.id),
        logs: logs.into_iter().map(|log| JobLog { name: log.name, url: log.url }).collect(),
        platform_option: &record.platform_option,
        task_id,
        retry_id: record.retry_id,
        taskcluster_metadata: run,
    };
    Ok(Json(detail).into_response())
}

/// An error line of a job's log.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorLine {
    /// Id; grows along the log.
    id: i64,
    /// The line.
    line: String,
    /// Number of the line in the log, from 0.
    line_number: i32,
    /// Whether the line was not known before the job's push.
    new_failure: bool,
    /// Id of the job.
    job: i64,
}

/// Lists the error lines of a job
///
/// In the order of the log; their numbers count from 0.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{id}/text_log_errors/",
    tag = "jobs",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the job"),
    ),
    responses((status = OK, body = Vec<ErrorLine>), (status = NOT_FOUND, body = Value))
)]
async fn text_log_errors(
    State(store): State<Store>,
    Path((project, id)): Path<(String, String)>,
) -> Result<Json<Vec<ErrorLine>>, Refused> {
    let job = find(&store, &project, &id).await?.record.id;
    let lines = store.error_lines(job).await?;
    let shown = lines.into_iter().map(|error| ErrorLine {
        id: error.id,
        line: error.line,
        line_number: error.line_number,
        new_failure: error.new_failure,
        job,
    });
    Ok(Json(shown.collect()))
}

/// Finds a job of a project.
pub(super) async fn find(store: &Store, project: &str, id: &str) -> Result<DetailedJob, Refused> {
    let found = match id.parse() {
        Ok(id) => store.detailed_job(project, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| no_job(id))
}

fn no_job(id: &str) -> Refused {
    Refused::missing(format!("No job with id: {id}"))
}
