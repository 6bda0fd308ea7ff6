//! What a process tells of itself while it runs: that it lives, and what it does.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::monitor::{Heart, HeartOptions, Process, Registry, Watch};
use treeherder_ingest::pipeline::{PipelineOptions, WorkItem};
use treeherder_ingest::queue::QueueName;
use treeherder_ingest::store::Store;

use super::{Database, hostname};
use crate::config::{MonitorArgs, StorageArgs};

/// Connections to the database of a process that needs it for nothing else.
const CONNECTIONS: u32 = 1;
/// Pause between two tries to reach the database.
const PAUSE: Duration = Duration::from_secs(10);

/// What is known of this process.
#[derive(Debug)]
pub(crate) struct Vitals {
    watch: Arc<Watch>,
    registry: Registry,
    interval: Duration,
}

/// The heartbeats of this process.
#[derive(Debug)]
pub(crate) struct Heartbeats {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Vitals {
    /// Begins to count what the code of this process says.
    pub(crate) fn new(args: &MonitorArgs) -> Self {
        args.statsd.start();
        Self {
            watch: Arc::new(Watch::new(&WorkItem::TASKS)),
            registry: Registry::of_process(),
            interval: args.interval(),
        }
    }

    /// Looks on while the workers of a pipeline with these options work; returns how many batches of the queues they
    /// work on at the same time.
    pub(crate) fn observe(
        &self,
        options: &mut PipelineOptions,
        queues: impl Iterator<Item = QueueName>,
    ) -> usize {
        options.worker.observer = Some(Arc::<Watch>::clone(&self.watch));
        queues.map(|queue| options.pool(queue).concurrency).sum()
    }

    /// Finds out what workers must not work on: what was revoked before they were there. Waits for the database as they do.
    pub(super) fn learn_revoked(
        &self,
        store: &Store,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (watch, store) = (Arc::clone(&self.watch), store.clone());
        async move {
            let learn = async {
                while let Err(error) = watch.learn_revoked(&store).await {
                    tracing::warn!(%error, "cannot look for revoked tasks, trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            };
            stop.run_until_cancelled(learn).await;
        }
    }

    /// Tells that this process lives, as one of `pool`, until the heartbeats are stopped.
    pub(crate) fn beat(
        &self,
        store: &Store,
        pool: &str,
        queues: &[QueueName],
        concurrency: usize,
    ) -> Heartbeats {
        let store = store.clone();
        self.start(pool, queues, concurrency, async move || store)
    }

    /// As [`beat`](Self::beat) for a process that works without the database: it is told as soon as the database is
    /// there.
    pub(crate) fn beat_when_possible(&self, storage: &StorageArgs, pool: &str) -> Heartbeats {
        let storage = storage.clone();
        self.start(pool, &[], 0, async move || {
            Database::await_tables(&storage, CONNECTIONS, PAUSE).await.store
        })
    }

    fn start<F>(
        &self,
        pool: &str,
        queues: &[QueueName],
        concurrency: usize,
        store: impl FnOnce() -> F,
    ) -> Heartbeats
    where
        F: Future<Output = Store> + Send + 'static,
    {
        let process = Process {
            pool: pool.to_owned(),
            host: hostname(),
            pid: std::process::id(),
            queues: queues.to_vec(),
            concurrency,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let options = HeartOptions { interval: self.interval, ..HeartOptions::default() };
        let (watch, registry, stop) =
            (Arc::clone(&self.watch), self.registry.clone(), CancellationToken::new());
        let (stopped, store) = (stop.clone(), store());
        let task = tokio::spawn(async move {
            let Some(store) = stopped.run_until_cancelled(store).await else { return };
            let heart = Heart::start(store, process, watch, registry, options);
            stopped.cancelled().await;
            heart.stop().await;
        });
        Heartbeats { stop, task }
    }
}

impl Heartbeats {
    /// Tells the last of this process, and that it stops in order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        // It fails only if it panicked, which was told then.
        let _ = self.task.await;
    }
}
