//! `…/log/errors`: error lines with what is around them.

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::store::Store;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::find_job;
use super::job::{log_id, refused};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::live::Live;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Lines around an error line unless another number is asked for.
const CONTEXT: u64 = 5;
/// Most lines around an error line.
const MOST_CONTEXT: u64 = 50;
/// Most error lines of one answer.
const MOST_ERRORS: usize = 100;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(errors))
}

/// How much.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Lines before and after each error line, 5 by default and 50 at most.
    context: Option<u64>,
    /// Id of the log, for jobs that have several.
    log_id: Option<i32>,
}

impl Asked {
    fn read(parameters: &Parameters) -> Result<Self, Refused> {
        Ok(Self { context: parameters.natural("context")?, log_id: log_id(parameters)? })
    }
}

/// Error lines of a log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogErrors)]
struct Shown {
    /// Id of the job.
    job_id: i64,
    /// Id of the log.
    log_id: i32,
    /// Where the whole log is.
    url: String,
    /// The error lines, by number.
    errors: Vec<ErrorLine>,
    /// Whether there are more than these.
    more: bool,
    /// Lines of the whole log.
    total_lines: u64,
    /// Bytes of the whole log, decoded.
    total_bytes: u64,
}

/// An error line with what is around it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogErrorLine)]
struct ErrorLine {
    /// Id of the error line.
    id: i64,
    /// Its number, from 0.
    line_number: i32,
    /// Its text, as stored.
    line: String,
    /// Number of the first line of `context`.
    context_start: u64,
    /// Lines around it and itself, as the log has them.
    context: Vec<String>,
}

/// Shows the error lines of a job's log with lines around each.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{job}/log/errors",
    tag = "logs",
    params(
        ("project" = String, Path),
        ("job" = String, Path, description = "Id, or guid with its slash as %2F"),
        Asked
    ),
    responses(
        (status = OK, body = Shown),
        (status = BAD_REQUEST, description = "A parameter that cannot be read"),
        (status = NOT_FOUND, description = "No such job, or its log is gone"),
        (status = BAD_GATEWAY, description = "The log cannot be had from where it is")
    )
)]
async fn errors(
    State(store): State<Store>,
    State(live): State<Live>,
    Path((project, job)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Shown>, Refused> {
    let asked = Asked::read(&parameters)?;
    let found = find_job(&store, &project, &job).await?;
    let log = found.log(asked.log_id)?;
    let around = asked.context.unwrap_or(CONTEXT).min(MOST_CONTEXT);
    let mut stored = store.error_lines(found.job.job_id).await?;
    stored.sort_by_key(|line| line.line_number);
    let more = stored.len() > MOST_ERRORS;
    stored.truncate(MOST_ERRORS);
    let index = live.viewer().index(log).await.map_err(refused)?;
    let mut errors = Vec::with_capacity(stored.len());
    for line in stored {
        let number = u64::try_from(line.line_number).unwrap_or_default();
        let start = number.saturating_sub(around);
        let page = live.viewer().lines(log, start, number - start + around + 1).await.map_err(refused)?;
        errors.push(ErrorLine {
            id: line.id,
            line_number: line.line_number,
            line: line.line,
            context_start: start,
            context: page.lines.into_iter().map(|line| line.text).collect(),
        });
    }
    Ok(Json(Shown {
        job_id: found.job.job_id,
        log_id: log.id,
        url: log.url.clone(),
        errors,
        more,
        total_lines: index.lines,
        total_bytes: index.decoded_bytes,
    }))
}
