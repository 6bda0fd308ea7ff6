//! What database and queues tell at one time.

use std::time::Duration;

use treeherder_ingest::queue::{Depth, Queue};
use treeherder_ingest::store::{MetricValue, Store, WorkerRow};

/// How long database and queues may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What database and queues tell; what did not answer is missing.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// How much each queue holds.
    pub(crate) depths: Option<Vec<Depth>>,
    /// The processes that told about themselves.
    pub(crate) workers: Option<Vec<WorkerRow>>,
    /// Counters and histograms of all processes.
    pub(crate) values: Option<Vec<MetricValue>>,
}

impl Snapshot {
    /// Asks database and queues.
    pub(crate) async fn take(store: &Store, queue: &dyn Queue) -> Self {
        let (depths, workers, values) = tokio::join!(
            answered("the depths of the queues", queue.depths()),
            answered("the workers", store.workers()),
            answered("the metrics", store.metric_values()),
        );
        Self { depths, workers, values }
    }
}

async fn answered<T, E: std::error::Error>(
    what: &'static str,
    answer: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::warn!(%error, what, "cannot be measured");
            None
        }
        Err(_elapsed) => {
            tracing::warn!(what, "cannot be measured: no answer in time");
            None
        }
    }
}
