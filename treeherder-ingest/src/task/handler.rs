//! The order in which a task event is handled (`spec/ingest.md` §4.2).

use crate::job::JobMessage;

use super::artifact_links::artifact_links;
use super::message::build_message;
use super::queue::{TaskQueue, TaskQueueErrorKind};
use super::route::{ROUTE_PREFIX, Route, candidates};
use super::{DropReason, Filter, TaskError, TaskEvent, TaskEventKind, TreeherderConfig};

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A job to load.
    Job(Box<JobMessage>),
    /// Nothing, for this reason.
    Dropped(DropReason),
}

impl Outcome {
    /// Returns the job message, if there is one.
    pub fn into_job(self) -> Option<JobMessage> {
        match self {
            Self::Job(message) => Some(*message),
            Self::Dropped(_) => None,
        }
    }
}

/// Makes a job message of a task event, or tells why there is none.
///
/// The message still has to pass the job loader ([`crate::job::load()`]), which validates it.
///
/// # Errors
/// [`TaskError`], which knows whether the work item is to be retried. A listing of artifacts that fails for the moment
/// makes it retry; one that fails for good leaves the job without links.
pub async fn handle(
    event: &TaskEvent,
    root_url: &str,
    queue: &dyn TaskQueue,
    filter: &Filter,
) -> Result<Outcome, TaskError> {
    let task_id = event.task_id();
    let queue_error = |source| TaskError::Queue { task_id: task_id.to_owned(), source };
    let task = queue.task(root_url, task_id).await.map_err(queue_error)?;
    let route = {
        let mut routes = candidates(&task.routes, ROUTE_PREFIX);
        match (routes.next(), routes.count()) {
            (Some(route), 0) => Route::parse(route)
                .map_err(|source| TaskError::Route { task_id: task_id.to_owned(), source })?,
            (first, others) => {
                let candidates = others + usize::from(first.is_some());
                return Ok(dropped(task_id, DropReason::NoRoute { candidates }));
            }
        }
    };
    if let Some(reason) = filter.ignores(&route.project, &task, root_url, queue).await.map_err(queue_error)? {
        return Ok(dropped(task_id, DropReason::Filtered(reason)));
    }
    let config = match TreeherderConfig::read(&task.extra.treeherder) {
        Ok(Some(config)) => config,
        Ok(None) => return Ok(dropped(task_id, DropReason::NotForTreeherder)),
        Err(violations) => return Ok(dropped(task_id, DropReason::InvalidConfig(violations))),
    };
    let Some(mut message) = build_message(event, route, config, &task, root_url)? else {
        return Ok(dropped(task_id, DropReason::InventedRun));
    };
    if matches!(event.kind, TaskEventKind::Completed | TaskEventKind::Failed | TaskEventKind::Exception)
        && let Some(info) = &mut message.job_info
    {
        let run_id = event.run_id();
        match queue.artifacts(root_url, task_id, run_id).await {
            Ok(artifacts) => info.links = artifact_links(root_url, task_id, run_id, &artifacts),
            Err(error) if error.kind == TaskQueueErrorKind::Transient => return Err(queue_error(error)),
            Err(error) => {
                tracing::warn!(task_id, run_id, %error, "job stored without links to its artifacts");
            }
        }
    }
    Ok(Outcome::Job(Box::new(message)))
}

fn dropped(task_id: &str, reason: DropReason) -> Outcome {
    match &reason {
        DropReason::InvalidConfig(violations) => {
            tracing::error!(task_id, %violations, "task dropped: its treeherder block violates the schema");
        }
        reason => tracing::debug!(task_id, ?reason, "task event dropped"),
    }
    Outcome::Dropped(reason)
}
