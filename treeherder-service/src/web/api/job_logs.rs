//! Where the logs of jobs are and how far they are parsed (§3.14).

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::job::LogStatus;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::job_log;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the routes of logs.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

/// A log of a job.
#[derive(Debug, Serialize, ToSchema)]
struct LogUrl {
    /// Id of the log.
    id: i32,
    /// Id of the job.
    job_id: i64,
    /// `live_backing_log`, `errorsummary_json` or the name of a file with performance data.
    name: String,
    /// Where it is.
    url: String,
    /// `pending`, `parsed`, `failed` or `skipped-size`.
    parse_status: &'static str,
}

impl From<job_log::Model> for LogUrl {
    fn from(log: job_log::Model) -> Self {
        let parse_status = match LogStatus::from_code(log.status) {
            Some(LogStatus::Parsed) => "parsed",
            Some(LogStatus::Failed) => "failed",
            Some(LogStatus::SkippedSize) => "skipped-size",
            _ => "pending",
        };
        Self { id: log.id, job_id: log.job_id, name: log.name, url: log.url, parse_status }
    }
}

/// Lists the logs of jobs
///
/// By ascending id.
#[utoipa::path(
    get,
    path = "/api/project/{project}/job-log-url/",
    tag = "logs",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("job_id" = Vec<i64>, Query, description = "Ids of the jobs, the parameter repeated"),
    ),
    responses((status = OK, body = Vec<LogUrl>), (status = BAD_REQUEST, body = Value))
)]
async fn list(State(store): State<Store>, parameters: Parameters) -> Result<Json<Vec<LogUrl>>, Refused> {
    let ids: Result<Vec<i64>, _> = parameters.all("job_id").map(|id| id.trim().parse()).collect();
    let ids = ids.map_err(|_| Refused::invalid("The job_id parameter(s) must be integers"))?;
    if ids.is_empty() {
        return Err(Refused::invalid("The job_id parameter is mandatory for this endpoint"));
    }
    Ok(Json(store.logs_of_jobs(&ids).await?.into_iter().map(LogUrl::from).collect()))
}

/// Shows a log
#[utoipa::path(
    get,
    path = "/api/project/{project}/job-log-url/{id}/",
    tag = "logs",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i32, Path, description = "Id of the log"),
    ),
    responses((status = OK, body = LogUrl), (status = NOT_FOUND, body = Value))
)]
async fn one(
    State(store): State<Store>,
    Path((_project, id)): Path<(String, String)>,
) -> Result<Json<LogUrl>, Refused> {
    let Ok(number) = id.parse() else { return Err(Refused::not_found("Not found.")) };
    let log = store.job_log(number).await?;
    let log = log.ok_or_else(|| Refused::not_found("No JobLog matches the given query."))?;
    Ok(Json(log.into()))
}
