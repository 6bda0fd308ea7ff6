//! The log viewer (§11.10): the failures are in the page, its script fetches the lines that are looked at.

use askama::Template;
use axum::extract::{Query as Parameters, State};
use axum::response::{IntoResponse as _, Response};
use treeherder_ingest::store::Store;

use super::html::{Failed, PageError, render};
use super::job::JobView;
use super::jobs::status::Status;
use super::jobs::task_run;
use super::query::Query;
use super::shell::Shell;

/// A log with its failures.
#[derive(Debug, Template)]
#[template(path = "log/page.html")]
struct Page<'p> {
    shell: &'p Shell,
    job: &'p JobView,
    running: bool,
}

/// Shows the log of the job that `job_id` or, in links that know no more, `task` names.
pub(super) async fn show(
    shell: Shell,
    State(store): State<Store>,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let query = Query::new(pairs);
    let shell = shell.at("jobs", query.get("repo"));
    let job = match shell.repository() {
        None => None,
        Some(repository) => {
            let id = match (query.get("job_id"), query.get("task")) {
                (Some(id), _) => id.parse().ok(),
                (None, Some(task)) => {
                    let (task, run) = task_run(task);
                    store.job_of_task(repository.id, task, run).await?
                }
                (None, None) => None,
            };
            match id {
                Some(id) => JobView::read(&store, repository, id).await?,
                None => None,
            }
        }
    };
    Ok(match job {
        Some(job) => render(&Page { shell: &shell, job: &job, running: job.status == Status::Running }),
        None => {
            let text = format!("{} has no such job. Jobs are deleted after some months.", shell.repo);
            Failed::missing(shell, text).into_response()
        }
    })
}
