//! What is asked of Taskcluster's queue service.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::TaskDefinition;

/// Answers questions about tasks; the real one is [`HttpTaskQueue`](super::HttpTaskQueue).
#[async_trait]
pub trait TaskQueue: Send + Sync {
    /// Returns the definition of a task.
    ///
    /// # Errors
    /// [`TaskQueueError`] when it cannot be had.
    async fn task(&self, root_url: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError>;

    /// Lists all artifacts of a run.
    ///
    /// # Errors
    /// [`TaskQueueError`] when they cannot all be had.
    async fn artifacts(
        &self,
        root_url: &str,
        task_id: &str,
        run_id: u32,
    ) -> Result<Vec<Artifact>, TaskQueueError>;

    /// Lists the artifacts of a run as far as they can be had, for those who can do with some of them.
    async fn artifacts_until_error(&self, root_url: &str, task_id: &str, run_id: u32) -> ArtifactListing {
        match self.artifacts(root_url, task_id, run_id).await {
            Ok(artifacts) => ArtifactListing { artifacts, error: None },
            Err(error) => ArtifactListing { artifacts: Vec::new(), error: Some(error) },
        }
    }
}

/// Artifacts of a run, and why they are not all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactListing {
    /// The artifacts.
    pub artifacts: Vec<Artifact>,
    /// Why the listing ended early, if it did.
    pub error: Option<TaskQueueError>,
}

/// An artifact of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    /// Full name, such as `public/logs/live_backing.log`.
    pub name: String,
}

/// How a request to the queue failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskQueueErrorKind {
    /// There is no such task or run, or no longer.
    NotFound,
    /// The request may succeed later.
    Transient,
    /// The server refuses the request and will go on to do so. Asking for a definition is tried again nevertheless.
    Refused,
    /// The request cannot succeed, or its answer cannot be read.
    Permanent,
}

/// A request to the queue failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TaskQueueError {
    /// How it failed.
    pub kind: TaskQueueErrorKind,
    /// What was asked for and what happened.
    pub reason: String,
}

/// Builds the URL of a Taskcluster service (§4.6): parts of the path are not percent-encoded.
pub fn service_url(root_url: &str, service: &str, version: &str, path: &str) -> String {
    let root = root_url.trim_end_matches('/');
    let path = path.trim_start_matches('/');
    format!("{root}/api/{service}/{version}/{path}")
}

#[async_trait]
impl<Q: TaskQueue + ?Sized> TaskQueue for Arc<Q> {
    async fn task(&self, root_url: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        (**self).task(root_url, task_id).await
    }

    async fn artifacts(
        &self,
        root_url: &str,
        task_id: &str,
        run_id: u32,
    ) -> Result<Vec<Artifact>, TaskQueueError> {
        (**self).artifacts(root_url, task_id, run_id).await
    }

    async fn artifacts_until_error(&self, root_url: &str, task_id: &str, run_id: u32) -> ArtifactListing {
        (**self).artifacts_until_error(root_url, task_id, run_id).await
    }
}
