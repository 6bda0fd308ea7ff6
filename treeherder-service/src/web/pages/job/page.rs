//! The page of a job, whole or only what goes beside the list.

use askama::Template;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use treeherder_ingest::store::Store;

use super::view::JobView;
use crate::web::pages::html::{Failed, PageError, render};
use crate::web::pages::query::Query;
use crate::web::pages::shell::Shell;

/// A job on a page of its own.
#[derive(Debug, Template)]
#[template(path = "job/page.html")]
struct Page<'p> {
    shell: &'p Shell,
    job: &'p JobView,
}

/// A job beside the list.
#[derive(Debug, Template)]
#[template(path = "job/panel.html")]
struct Panel<'p> {
    job: &'p JobView,
}

/// Shows a job; with `part=panel` without anything around it.
pub(super) async fn show(
    shell: Shell,
    State(store): State<Store>,
    Path((repository, id)): Path<(String, String)>,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let shell = shell.at("jobs", Some(&repository));
    let found = match (shell.repository(), id.parse()) {
        (Some(repository), Ok(id)) => JobView::read(&store, repository, id).await?,
        _ => None,
    };
    let panel = Query::new(pairs).get("part") == Some("panel");
    Ok(match found {
        Some(job) if panel => render(&Panel { job: &job }),
        Some(job) => render(&Page { shell: &shell, job: &job }),
        None if panel => (StatusCode::NOT_FOUND, "There is no such job.").into_response(),
        None => {
            let text =
                format!("{repository} has no job with the number {id}. Jobs are deleted after some months.");
            Failed::missing(shell, text).into_response()
        }
    })
}
