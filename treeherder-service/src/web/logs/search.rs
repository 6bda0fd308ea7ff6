//! `…/log/search`: where a text is in a log.

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::log::LogSearch;
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

/// Most characters that are looked for.
const LONGEST: usize = 500;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What to look for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The text, of 500 characters at most.
    text: String,
    /// First line that is looked at, counted from 0.
    #[param(required = false)]
    start: u64,
    /// Go on towards the beginning of the log.
    #[param(required = false)]
    backwards: bool,
    /// Tell capital letters from small ones.
    #[param(required = false)]
    match_case: bool,
    /// Id of the log, for jobs that have several.
    log_id: Option<i32>,
}

impl Asked {
    fn read(parameters: &Parameters) -> Result<Self, Refused> {
        Ok(Self {
            text: text(parameters)?.to_owned(),
            start: parameters.natural("start")?.unwrap_or_default(),
            backwards: parameters.truth("backwards")?,
            match_case: parameters.truth("match_case")?,
            log_id: log_id(parameters)?,
        })
    }
}

/// Reads the text that is looked for, which may be a blank.
fn text(parameters: &Parameters) -> Result<&str, Refused> {
    let text = parameters.last("text").ok_or_else(|| Refused::field("text", "This field is required."))?;
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(no_text());
    }
    Ok(text)
}

fn no_text() -> Refused {
    Refused::field("text", &format!("Enter a text of 1 to {LONGEST} characters."))
}

/// How far a search has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogSearched)]
struct Shown {
    /// Number of the nearest line that has the text, from 0.
    line_number: Option<u64>,
    /// Where to go on: long logs are looked through 128 MiB at a time. Nothing when the text was found, or there is no more of the log.
    next: Option<u64>,
    /// Lines of the whole log.
    total_lines: u64,
}

/// Finds the nearest line of a job's log that has a text.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{job}/log/search",
    tag = "logs",
    params(
        ("project" = String, Path),
        ("job" = String, Path, description = "Id, or guid with its slash as %2F"),
        Asked
    ),
    responses(
        (status = OK, body = Shown),
        (status = BAD_REQUEST, description = "No text, a longer one, or another parameter that cannot be read"),
        (status = NOT_FOUND, description = "No such job, or its log is gone"),
        (status = BAD_GATEWAY, description = "The log cannot be had from where it is")
    )
)]
async fn search(
    State(store): State<Store>,
    State(live): State<Live>,
    Path((project, job)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Json<Shown>, Refused> {
    let Asked { text, start, backwards, match_case, log_id } = Asked::read(&parameters)?;
    let search = LogSearch::new(&text, match_case, start, backwards).ok_or_else(no_text)?;
    let found = find_job(&store, &project, &job).await?;
    let searched = live.viewer().search(found.log(log_id)?, &search).await.map_err(refused)?;
    Ok(Json(Shown { line_number: searched.found, next: searched.next, total_lines: searched.total_lines }))
}
