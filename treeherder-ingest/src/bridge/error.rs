//! Why an event is not published (`spec/bridge-l10n-platform.md` §1.3, §1.8).

use serde_json::Value;
use thiserror::Error;

use crate::job::schema::{Violation, Violations};
use crate::task::{TaskError, TaskQueueError, TaskQueueErrorKind};

use super::publication::{InvalidRoutingKey, PublishError};
use super::route::UnrecognizedRoute;

/// An event could not be handled, or a job not be published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The bridge does not listen to this exchange.
    #[error("unknown exchange {exchange:?}")]
    UnknownExchange {
        /// Its name.
        exchange: String,
    },
    /// What arrived is no message at all.
    #[error("{place}: {reason}")]
    Broken {
        /// Where it was found.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The message cannot be read, or it or the definition lacks what a job needs.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Taskcluster's queue did not tell the definition.
    #[error("task {task_id}: {source}")]
    Queue {
        /// Task the event is about.
        task_id: String,
        /// What the queue said.
        source: TaskQueueError,
    },
    /// Not exactly one route is for this bridge.
    #[error(
        "Could not determine treeherder route of task {task_id}: {candidates} of its routes begin with {prefix}; routes: {}",
        routes.join(", ")
    )]
    NoRoute {
        /// Task the event is about.
        task_id: String,
        /// The first word that is wanted, or several.
        prefix: String,
        /// How many routes begin with it.
        candidates: usize,
        /// All routes.
        routes: Vec<String>,
    },
    /// The route has no known form.
    #[error("task {task_id}: {source}")]
    Route {
        /// Task the event is about.
        task_id: String,
        /// Which route, and the known forms.
        source: UnrecognizedRoute,
    },
    /// The job cannot be published.
    #[error("job of task {task_id}, project {project}, not published: {cause}")]
    Unpublished {
        /// Task the job is of.
        task_id: String,
        /// Project it is for.
        project: String,
        /// Why not.
        cause: UnpublishedCause,
        /// The job.
        job: Box<Value>,
    },
}

/// Why a job is not published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UnpublishedCause {
    /// It violates the schema.
    #[error("it violates the schema: {0}")]
    Schema(#[from] Violations),
    /// It has no routing key.
    #[error(transparent)]
    RoutingKey(#[from] InvalidRoutingKey),
    /// The broker did not take it.
    #[error(transparent)]
    Broker(#[from] PublishError),
}

impl BridgeError {
    /// Tells whether the same message may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Queue { source, .. } => source.kind == TaskQueueErrorKind::Transient,
            Self::Unpublished { cause, .. } => matches!(cause, UnpublishedCause::Broker(_)),
            _ => false,
        }
    }

    /// Returns a short stable name.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::UnknownExchange { .. } => "unknown-exchange",
            Self::Broken { .. } => "broken",
            Self::Task(_) => "task",
            Self::Queue { .. } => "queue",
            Self::NoRoute { .. } => "no-route",
            Self::Route { .. } => "route",
            Self::Unpublished { cause: UnpublishedCause::Schema(_), .. } => "schema",
            Self::Unpublished { cause: UnpublishedCause::RoutingKey(_), .. } => "routing-key",
            Self::Unpublished { cause: UnpublishedCause::Broker(_), .. } => "broker",
        }
    }

    /// Returns the project of the job, if it is known.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        match self {
            Self::Unpublished { project, .. } => Some(project),
            _ => None,
        }
    }

    /// Returns the job that was not published.
    #[must_use]
    pub fn job(&self) -> Option<&Value> {
        match self {
            Self::Unpublished { job, .. } => Some(job),
            _ => None,
        }
    }

    /// Returns the violations of the schema, with JSON pointers into the job.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Unpublished { cause: UnpublishedCause::Schema(violations), .. } => violations.as_slice(),
            _ => &[],
        }
    }
}
