//! Why an event gives no job: on purpose ([`DropReason`]) or not ([`TaskError`]).

use crate::job::ids::BadSlug;
use crate::job::schema::Violations;

use super::filter::Ignored;
use super::queue::{TaskQueueError, TaskQueueErrorKind};
use super::route::RouteError;

/// Why an event is dropped without being an error of ours: nothing is retried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Not exactly one of the task's routes is for Treeherder.
    NoRoute {
        /// How many are.
        candidates: usize,
    },
    /// The filter ignores the task.
    Filtered(Ignored),
    /// The definition has no block for Treeherder.
    NotForTreeherder,
    /// The definition's block for Treeherder violates the schema; the owner of the task has to correct it.
    InvalidConfig(Violations),
    /// The run never existed: Taskcluster made it up to say that the task broke.
    InventedRun,
}

impl DropReason {
    /// Returns a short stable name, for counters and log fields.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoRoute { .. } => "no-route",
            Self::Filtered(_) => "filtered",
            Self::NotForTreeherder => "not-for-treeherder",
            Self::InvalidConfig(_) => "invalid-config",
            Self::InventedRun => "invented-run",
        }
    }
}

/// An event that could not be handled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// Messages of this exchange are no task events.
    #[error("exchange {exchange:?} has no task events")]
    UnknownExchange {
        /// Name of the exchange.
        exchange: String,
    },
    /// The message body is not that of a task event.
    #[error("message of {exchange:?}: {reason}")]
    MalformedEvent {
        /// Exchange the message came through.
        exchange: String,
        /// What is wrong, with the place.
        reason: String,
    },
    /// Taskcluster's queue did not tell what was needed.
    #[error("task {task_id}: {source}")]
    Queue {
        /// Task the event is about.
        task_id: String,
        /// What the queue said.
        source: TaskQueueError,
    },
    /// The task's route for Treeherder cannot be read.
    #[error("task {task_id}: {source}")]
    Route {
        /// Task the event is about.
        task_id: String,
        /// What is wrong with the route.
        source: RouteError,
    },
    /// The message has no such run.
    #[error("task {task_id}: run {run_id} is not among the {runs} runs of the message")]
    NoSuchRun {
        /// Task the event is about.
        task_id: String,
        /// Run the event is about.
        run_id: u32,
        /// How many runs the message has.
        runs: usize,
    },
    /// A part without which there is no job is missing.
    #[error("task {task_id}: the {document} has no {pointer}")]
    Missing {
        /// Task the event is about.
        task_id: String,
        /// `message` or `definition`.
        document: &'static str,
        /// JSON pointer to the missing part.
        pointer: String,
    },
    /// The task id is no slug.
    #[error(transparent)]
    TaskId(#[from] BadSlug),
    /// The run is in a state that no job can have.
    #[error("task {task_id}: run {run_id} has the unknown state {state:?}")]
    RunState {
        /// Task the event is about.
        task_id: String,
        /// Run the event is about.
        run_id: u32,
        /// Its state.
        state: String,
    },
}

impl TaskError {
    /// Tells whether the work item is to be tried again later (§2.4); otherwise it cannot ever succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            // All answers of Taskcluster but unreadable ones are retried, a missing task included.
            Self::Queue { source, .. } => source.kind != TaskQueueErrorKind::Permanent,
            _ => false,
        }
    }
}
