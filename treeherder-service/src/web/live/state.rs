//! What the handlers of this folder share.

use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use treeherder_ingest::log::{LogViewer, ViewOptions};
use treeherder_ingest::pipeline::Pipeline;

use crate::web::AppState;

/// Logs of running tasks that are followed at the same time, each over a connection of its own.
const FOLLOWERS: usize = 64;

/// The live part of the service; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    /// Has the bus of events, and takes what is submitted.
    pub(in crate::web) pipeline: Pipeline,
    /// Ends what would never end by itself.
    pub(in crate::web) stop: CancellationToken,
    viewer: LogViewer,
    followers: Arc<Semaphore>,
}

impl Live {
    /// Reads what the bus of `pipeline` tells, until `stop` is cancelled.
    pub(crate) fn new(pipeline: Pipeline, stop: CancellationToken) -> Self {
        let viewer = pipeline.viewer(ViewOptions::default());
        Self { pipeline, stop, viewer, followers: Arc::new(Semaphore::new(FOLLOWERS)) }
    }

    /// Returns what shows lines of logs.
    pub(in crate::web) fn viewer(&self) -> &LogViewer {
        &self.viewer
    }

    /// Takes the right to follow a log; nothing when too many people do.
    pub(in crate::web) fn follower(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.followers).try_acquire_owned().ok()
    }
}

impl FromRef<AppState> for Live {
    fn from_ref(state: &AppState) -> Self {
        state.live.clone()
    }
}
