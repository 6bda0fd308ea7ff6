//! Tasks: Taskcluster task events to job messages (§4.1–4.6).
//!
//! [`handle`] is the way in: a [`TaskEvent`] and the task's definition, asked from a [`TaskQueue`], become
//! a [`JobMessage`](crate::job::JobMessage), or the reason why there is none. Route, filter, configuration and
//! message have a module each, so that the bridge can put them together in its own way.

mod artifact_links;
mod cached_queue;
mod config;
mod definition;
mod error;
mod event;
mod filter;
mod handler;
mod memory_queue;
mod message;
mod queue;
mod queue_client;
mod route;

pub use artifact_links::{artifact_links, artifact_links_at, artifact_url, live_log};
pub use cached_queue::CachedTaskQueue;
pub use config::{MachineConfig, TreeherderConfig};
pub use definition::{TaskDefinition, TaskExtra, TaskMetadata, TaskPayload};
pub use error::{DropReason, TaskError};
pub use event::{Run, TaskEvent, TaskEventBody, TaskEventKind, TaskStatus};
pub use filter::{Filter, Ignored};
pub use handler::{Outcome, handle};
pub use memory_queue::MemoryTaskQueue;
pub use message::{build_message, outcome_of_run};
pub use queue::{Artifact, ArtifactListing, TaskQueue, TaskQueueError, TaskQueueErrorKind, service_url};
pub use queue_client::{HttpTaskQueue, RetryDelays};
pub use route::{ROUTE_PREFIX, Route, RouteError, candidates};
