//! One job of a project, its error lines included (§3.2, §3.3).

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::store::{DetailedJob, JobCore, LogPlace, Store};
use treeherder_json_text::JsonText;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::job_object::{BYTES_OF_OBJECT, CommonProperties, write_common};
use crate::web::AppState;
use crate::web::json::{Json, Written};
use crate::web::response::Refused;

/// Makes the routes of single jobs.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(detail)).routes(routes!(text_log_errors))
}

/// A job with its logs.
// As it is described: `write_detail` writes it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct JobDetail<'a> {
    #[serde(flatten)]
    common: CommonProperties<'a>,
    /// Path of this answer.
    resource_uri: String,
    /// Logs in the order of their ids, the live log first.
    logs: Vec<JobLog>,
    /// Names of the options with blanks between them; missing when there are none.
    #[schema(required = false)]
    platform_option: &'a str,
    /// Slug of the task; missing when the job is none.
    task_id: Option<&'a str>,
    /// Run of the task; missing when the job is none.
    retry_id: Option<i32>,
    /// Both of them again.
    taskcluster_metadata: Option<TaskRun<'a>>,
}

/// A run of a task.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct TaskRun<'a> {
    /// Slug of the task.
    task_id: &'a str,
    /// Run of the task.
    retry_id: i32,
}

/// A log of a job.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
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
) -> Result<Written, Refused> {
    let number = id.parse().map_err(|_| no_job(&id))?;
    let (jobs, logs) = store.job_with_logs(&project, number).await?;
    let job = jobs.iter().next().ok_or_else(|| no_job(&id))??;
    Ok(Written(write_detail(&job, &project, &logs)))
}

fn write_detail(job: &DetailedJob<'_>, project: &str, logs: &[LogPlace]) -> JsonText {
    let core = job.record.core;
    let mut json = JsonText::with_capacity(BYTES_OF_OBJECT + 256 * logs.len());
    json.next("{");
    write_common(job, &mut json);
    json.next("\"resource_uri\":");
    json.value(&format!("/api/project/{project}/jobs/{}/", core.id));
    json.next("\"logs\":");
    json.next("[");
    for log in logs {
        json.next("{");
        json.next("\"name\":");
        json.value(&log.name);
        json.next("\"url\":");
        json.value(&log.url);
        json.end('}');
    }
    json.end(']');
    if !job.record.platform_option.is_empty() {
        json.next("\"platform_option\":");
        json.value(job.record.platform_option);
    }
    let write_run = |json: &mut JsonText| {
        if let Some(task_id) = &core.task_id {
            json.next("\"task_id\":");
            json.value(task_id);
        }
        if let Some(retry_id) = &core.retry_id {
            json.next("\"retry_id\":");
            json.value(retry_id);
        }
    };
    write_run(&mut json);
    if core.task_id.is_some() && core.retry_id.is_some() {
        json.next("\"taskcluster_metadata\":");
        json.next("{");
        write_run(&mut json);
        json.end('}');
    }
    json.end('}');
    json
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
    let job = existing(&store, &project, &id).await?;
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
pub(super) async fn find(store: &Store, project: &str, id: &str) -> Result<JobCore, Refused> {
    let number = id.parse().map_err(|_| no_job(id))?;
    store.job_core(project, number).await?.ok_or_else(|| no_job(id))
}

/// Returns the id of a job, if it is one of the project.
pub(super) async fn existing(store: &Store, project: &str, id: &str) -> Result<i64, Refused> {
    let number = id.parse().map_err(|_| no_job(id))?;
    if store.has_job(project, number).await? { Ok(number) } else { Err(no_job(id)) }
}

fn no_job(id: &str) -> Refused {
    Refused::missing(format!("No job with id: {id}"))
}
