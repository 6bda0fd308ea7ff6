//! `…/log/lines`: any lines of a log.

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::log::LogPage;
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

/// Lines of one answer unless another number is asked for.
const COUNT: u64 = 500;
/// Most lines of one answer.
const MOST: u64 = 10_000;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(lines))
}

/// Which lines.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// First line, counted from 0 as in error lines; negative numbers count from the end of the log.
    #[param(required = false)]
    start: i64,
    /// Number of lines, 500 by default and 10,000 at most.
    count: Option<u64>,
    /// Id of the log, for jobs that have several.
    log_id: Option<i32>,
}

impl Asked {
    fn read(parameters: &Parameters) -> Result<Self, Refused> {
        Ok(Self {
            start: parameters.integer("start")?.unwrap_or_default(),
            count: parameters.natural("count")?,
            log_id: log_id(parameters)?,
        })
    }
}

/// Lines of a log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogLines)]
struct Shown {
    /// Id of the job.
    job_id: i64,
    /// Id of the log.
    log_id: i32,
    /// Where the whole log is.
    url: String,
    /// Number of the first line, from 0.
    start: u64,
    /// The lines, without their ends. Fewer than asked for at the end of the log, or when they are very long.
    lines: Vec<String>,
    /// Numbers of those lines whose ends were left out, because they are longer than 64 KiB.
    cut: Vec<u64>,
    /// Lines of the whole log.
    total_lines: u64,
    /// Bytes of the whole log, decoded.
    total_bytes: u64,
}

/// Shows lines of a job's log.
///
/// It takes about as long for the last lines of a log of gigabytes as for the first: the log is read from the place nearest
/// to them, with a range request.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{job}/log/lines",
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
async fn lines(
    State(store): State<Store>,
    State(live): State<Live>,
    Path((project, job)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Shown>, Refused> {
    let asked = Asked::read(&parameters)?;
    let found = find_job(&store, &project, &job).await?;
    let log = found.log(asked.log_id)?;
    let viewer = live.viewer();
    let start = match u64::try_from(asked.start) {
        Ok(start) => start,
        Err(_) => {
            let index = viewer.index(log).await.map_err(refused)?;
            index.lines.saturating_sub(asked.start.unsigned_abs())
        }
    };
    let count = asked.count.unwrap_or(COUNT).min(MOST);
    let LogPage { lines, total_lines, total_bytes, .. } =
        viewer.lines(log, start, count).await.map_err(refused)?;
    Ok(Json(Shown {
        job_id: found.job.job_id,
        log_id: log.id,
        url: log.url.clone(),
        start,
        cut: lines.iter().filter(|line| line.cut).map(|line| line.number).collect(),
        lines: lines.into_iter().map(|line| line.text).collect(),
        total_lines,
        total_bytes,
    }))
}
