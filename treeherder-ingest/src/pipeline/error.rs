//! What can go wrong with a work item.

use std::time::Duration;

use thiserror::Error;
use treeherder_logparse::errorsummary::ErrorSummaryError;

use super::WorkItemError;
use crate::bugzilla::UpdateError;
use crate::changelog::ChangelogError;
use crate::log::ParseLogError;
use crate::push::PushError;
use crate::queue::{Disposition, Failure, QueueError};
use crate::store::{DataError, StoreError};
use crate::task::TaskError;

/// A work item failed; [`Failure::disposition`] tells whether trying again can help (§2.4).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The item cannot be read, or is on the wrong queue.
    #[error(transparent)]
    WorkItem(#[from] WorkItemError),
    /// The task event cannot be turned into a job.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Taskcluster did not tell a task's definition in time.
    #[error("task {task_id}: definition and artifacts not told within {} s", .limit.as_secs_f64())]
    DefinitionTime {
        /// Which task.
        task_id: String,
        /// How long was waited.
        limit: Duration,
    },
    /// The job's push is not stored (yet).
    #[error("job {guid}: no push {revision} in {repository}")]
    MissingPush {
        /// Guid of the job.
        guid: String,
        /// Name of the repository.
        repository: String,
        /// Revision looked for.
        revision: String,
    },
    /// Several pushes fit the job's revision.
    #[error("job {guid}: more than one push {revision} in {repository}")]
    AmbiguousPush {
        /// Guid of the job.
        guid: String,
        /// Name of the repository.
        repository: String,
        /// Revision looked for.
        revision: String,
    },
    /// A value of the job does not fit into its column.
    #[error("job {guid}: {source}")]
    Rejected {
        /// Guid of the job.
        guid: String,
        /// What does not fit.
        source: DataError,
    },
    /// A push message or pushlog cannot be ingested.
    #[error(transparent)]
    Push(#[from] PushError),
    /// There is no repository of this name to poll.
    #[error("no active repository {0:?} to poll")]
    NoRepository(String),
    /// A raw log cannot be fetched or decoded.
    #[error("log {job_log_id}: {source}")]
    Log {
        /// Which log.
        job_log_id: i32,
        /// What went wrong.
        source: ParseLogError,
    },
    /// An error summary cannot be read; nothing of it is stored.
    #[error("error summary {job_log_id}: {source}")]
    ErrorSummary {
        /// Which log.
        job_log_id: i32,
        /// Where and why.
        source: ErrorSummaryError,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The copy of Bugzilla's bugs cannot be brought up to date.
    #[error(transparent)]
    Bugs(#[from] UpdateError),
    /// The changelog cannot be brought up to date.
    #[error(transparent)]
    Changelog(#[from] ChangelogError),
    /// Nothing handles this task in this version; the item is kept so that it can be put back later.
    #[error("task {0} is not handled by this version")]
    NotHandled(&'static str),
}

impl Failure for PipelineError {
    fn disposition(&self) -> Disposition {
        let is_retried = match self {
            Self::WorkItem(_) | Self::Rejected { .. } | Self::ErrorSummary { .. } | Self::NotHandled(_) => {
                false
            }
            Self::Task(error) => error.is_retryable(),
            Self::Push(error) => !error.is_permanent(),
            Self::Log { source, .. } => source.is_retried(),
            Self::Store(error) => !error.is_permanent(),
            Self::Queue(error) => error.is_transient(),
            Self::DefinitionTime { .. }
            | Self::MissingPush { .. }
            | Self::AmbiguousPush { .. }
            | Self::NoRepository(_)
            | Self::Bugs(_)
            | Self::Changelog(_) => true,
        };
        if is_retried { Disposition::Retry } else { Disposition::Permanent }
    }
}

impl PipelineError {
    /// Tells whether a single item of a batch must be the reason, so that the others would succeed without it.
    pub(super) fn is_of_one_item(&self) -> bool {
        match self {
            Self::Store(error) => {
                !matches!(error, StoreError::Busy(_) | StoreError::Collision(_) | StoreError::Operational(_))
            }
            Self::Queue(error) => !error.is_transient(),
            _ => true,
        }
    }
}
