//! What this is: which version, where its data is, what else it answers; and how to read the jobs page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Parameters, State};
use axum::response::Response;
use treeherder_ingest::queue::Queue;
use treeherder_ingest::store::Store;

use super::html::{PageError, render};
use super::jobs::status::Status;
use super::query::Query;
use super::shell::Shell;
use crate::telemetry::Snapshot;
use crate::web::special_files::REVISION;

/// The version and the state of the service.
#[derive(Debug, Template)]
#[template(path = "about.html")]
struct About<'p> {
    shell: &'p Shell,
    version: &'static str,
    revision: Option<&'static str>,
    database: &'static str,
    /// Processes that are alive, those of other versions among them; nothing when they cannot be asked.
    alive: Option<(usize, usize)>,
    dead: Option<u64>,
}

/// How to read the jobs page.
#[derive(Debug, Template)]
#[template(path = "guide.html")]
struct Guide<'p> {
    shell: &'p Shell,
    /// Results with what they mean.
    statuses: [(Status, &'static str); 10],
}

/// Shows the version.
pub(super) async fn show(
    shell: Shell,
    State(store): State<Store>,
    State(queue): State<Arc<dyn Queue>>,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let shell = shell.at("about", Query::new(pairs).get("repo"));
    let version = env!("CARGO_PKG_VERSION");
    let Snapshot { depths, workers, .. } = Snapshot::take(&store, queue.as_ref()).await;
    let alive = workers.map(|workers| {
        let alive = workers.iter().filter(|worker| worker.alive);
        (alive.clone().count(), alive.filter(|worker| worker.version != version).count())
    });
    let page = About {
        shell: &shell,
        version,
        revision: Some(REVISION).filter(|revision| *revision != version),
        database: store.kind(),
        alive,
        dead: depths.map(|depths| depths.iter().map(|depth| depth.dead).sum()),
    };
    Ok(render(&page))
}

/// Shows how to read the jobs page.
pub(super) async fn guide(shell: Shell, Parameters(pairs): Parameters<Vec<(String, String)>>) -> Response {
    let shell = shell.at("guide", Query::new(pairs).get("repo"));
    let statuses = [
        (Status::TestFailed, "The tests ran and some of them failed."),
        (
            Status::Busted,
            "The job broke before it was done: a build that does not compile, a script that stops.",
        ),
        (Status::Exception, "The infrastructure failed, not the job: a worker was lost, a deadline passed."),
        (Status::Success, "Everything is fine."),
        (Status::Retry, "It was run again because of the infrastructure; the next run counts."),
        (Status::UserCancel, "Somebody cancelled it."),
        (Status::Superseded, "A newer job has taken its place."),
        (Status::Running, "It is running right now."),
        (Status::Pending, "It waits for a worker."),
        (Status::Unscheduled, "It waits for other jobs; hidden unless you ask for it."),
    ];
    render(&Guide { shell: &shell, statuses })
}
