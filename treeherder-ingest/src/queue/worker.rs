//! Runs handlers over queues.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::batch::BatchRunner;
use super::{Handler, Observer, Queue, QueueName, RetryPolicy, Statistics};

/// How a worker deals with time and failures.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// How long a claimed message stays invisible to others; prolonged while its handler runs.
    pub lease: Duration,
    /// How often to look for messages that other processes published or whose time has come.
    pub poll: Duration,
    /// How long a stop waits for batches in flight; then their messages are given back.
    pub stop_deadline: Duration,
    /// When failed messages are tried again.
    pub retries: RetryPolicy,
    /// Who is told what becomes of messages.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            stop_deadline: Duration::from_secs(30),
            retries: RetryPolicy::default(),
            observer: None,
        }
    }
}

/// How the messages of one queue are worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Batches at the same time.
    pub concurrency: usize,
    /// Messages per batch, at most.
    pub batch: usize,
    /// How long a batch may take; then it counts as failed (§2.3).
    pub soft_time_limit: Duration,
    /// How far a claim is from the one before, when that found too little for a whole batch; zero by default.
    ///
    /// Messages that come one by one are worked on together then. The first one after a silence does not wait.
    pub linger: Duration,
}

impl PoolOptions {
    /// Returns the queue's default concurrency and time limit, with batches of one message.
    #[must_use]
    pub fn of(queue: QueueName) -> Self {
        Self {
            concurrency: queue.default_concurrency(),
            batch: 1,
            soft_time_limit: queue.soft_time_limit(),
            linger: Duration::ZERO,
        }
    }

    /// Sets the number of messages per batch.
    #[must_use]
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// Sets the number of batches at the same time.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Sets how far a claim is from one that found too little for a whole batch.
    #[must_use]
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Sets how long a batch may take.
    #[must_use]
    pub fn with_soft_time_limit(mut self, limit: Duration) -> Self {
        self.soft_time_limit = limit;
        self
    }
}

/// Claims messages and hands them to handlers until it is told to stop.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use treeherder_ingest::queue::{Handler, PoolOptions, Queue, QueueName, Worker, WorkerOptions};
/// # async fn example(queue: Arc<dyn Queue>, store_tasks: Arc<dyn Handler>) {
/// let stop = tokio_util::sync::CancellationToken::new();
/// Worker::new(queue, WorkerOptions::default())
///     .serve(
///         QueueName::StorePulseTasks,
///         PoolOptions::of(QueueName::StorePulseTasks).with_batch(100),
///         store_tasks,
///     )
///     .run(stop)
///     .await;
/// # }
/// ```
pub struct Worker {
    queue: Arc<dyn Queue>,
    options: WorkerOptions,
    statistics: Arc<Statistics>,
    pools: Vec<(QueueName, PoolOptions, Arc<dyn Handler>)>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pools: Vec<_> = self.pools.iter().map(|(name, options, _)| (name.as_str(), options)).collect();
        formatter
            .debug_struct("Worker")
            .field("queue", &self.queue)
            .field("options", &self.options)
            .field("pools", &pools)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// Makes a worker that serves no queue yet.
    #[must_use]
    pub fn new(queue: Arc<dyn Queue>, options: WorkerOptions) -> Self {
        Self { queue, options, statistics: Arc::default(), pools: Vec::new() }
    }

    /// Serves a queue; a concurrency or batch of 0 counts as 1.
    #[must_use]
    pub fn serve(mut self, queue: QueueName, pool: PoolOptions, handler: Arc<dyn Handler>) -> Self {
        self.pools.push((queue, pool, handler));
        self
    }

    /// Counts into `statistics` instead of counters of its own.
    #[must_use]
    pub fn with_statistics(mut self, statistics: Arc<Statistics>) -> Self {
        self.statistics = statistics;
        self
    }

    /// Returns the counters.
    #[must_use]
    pub fn statistics(&self) -> Arc<Statistics> {
        Arc::clone(&self.statistics)
    }

    /// Works until `stop` is cancelled.
    ///
    /// Then it claims nothing more, gives back what was not started, waits for what is in flight and, when the
    /// deadline passes, drops the rest and gives its messages back at once.
    pub async fn run(self, stop: CancellationToken) {
        // When this future is dropped, its pools stop as well.
        let stop = stop.child_token();
        let _stop_when_dropped = stop.clone().drop_guard();
        let abandon = CancellationToken::new();
        let tasks = TaskTracker::new();
        for (name, options, handler) in self.pools {
            self.queue.expect(name, options.concurrency.max(1).saturating_mul(options.batch.max(1)));
            let pool = Pool {
                slots: Arc::new(Semaphore::new(options.concurrency.max(1))),
                batch: options.batch.max(1),
                linger: options.linger,
                runner: Arc::new(BatchRunner {
                    name,
                    queue: Arc::clone(&self.queue),
                    handler,
                    options: self.options.clone(),
                    soft_time_limit: options.soft_time_limit,
                    statistics: Arc::clone(&self.statistics),
                    stop: stop.clone(),
                    abandon: abandon.clone(),
                }),
                tasks: tasks.clone(),
            };
            tasks.spawn(pool.run().instrument(tracing::info_span!("pool", queue.name = %name)));
        }
        tasks.close();
        stop.cancelled().await;
        if tokio::time::timeout(self.options.stop_deadline, tasks.wait()).await.is_ok() {
            return;
        }
        tracing::warn!("stop deadline reached, giving back the messages in flight");
        abandon.cancel();
        if tokio::time::timeout(GIVE_BACK_TIME, tasks.wait()).await.is_err() {
            tracing::error!(
                "some handlers do not yield; their messages are handed out again when the leases run out"
            );
        }
    }
}

/// How long giving messages back may take at the end of a stop.
const GIVE_BACK_TIME: Duration = Duration::from_secs(5);

/// Claims messages of one queue as long as there are free slots.
struct Pool {
    slots: Arc<Semaphore>,
    batch: usize,
    linger: Duration,
    runner: Arc<BatchRunner>,
    tasks: TaskTracker,
}

impl Pool {
    async fn run(self) {
        let runner = &self.runner;
        let mut wake_up = runner.queue.wake_up(runner.name);
        let mut pause = BackOff::default();
        while let Some(Ok(slot)) =
            runner.stop.run_until_cancelled(Arc::clone(&self.slots).acquire_owned()).await
        {
            wake_up.mark();
            // Not to be cancelled: a claim that took effect unseen would hide its messages for the lease's time.
            match runner.queue.claim(&[runner.name], self.batch, runner.options.lease).await {
                Ok(batch) if batch.is_empty() => {
                    drop(slot);
                    pause = BackOff::default();
                    runner.stop.run_until_cancelled(wake_up.wait(runner.options.poll)).await;
                }
                Ok(batch) => {
                    pause = BackOff::default();
                    let is_whole = batch.len() >= self.batch;
                    let runner = Arc::clone(runner);
                    let span =
                        tracing::info_span!("batch", queue.name = %runner.name, batch.size = batch.len());
                    self.tasks.spawn(
                        async move {
                            runner.run(batch).await;
                            drop(slot);
                        }
                        .instrument(span),
                    );
                    if !is_whole && !self.linger.is_zero() {
                        self.runner.stop.run_until_cancelled(tokio::time::sleep(self.linger)).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot claim messages, trying again");
                    runner.stop.run_until_cancelled(tokio::time::sleep(pause.next())).await;
                }
            }
        }
    }
}

/// Doubling pauses between tries of an operation of the queue itself.
#[derive(Debug)]
pub(crate) struct BackOff(Duration);

impl Default for BackOff {
    fn default() -> Self {
        Self(Duration::from_millis(50))
    }
}

impl BackOff {
    const LONGEST: Duration = Duration::from_secs(5);

    /// Returns the next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LONGEST);
        pause
    }
}
