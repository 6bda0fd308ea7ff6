//! The pipeline: everything a process needs to work on queues.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::handler::QueueHandler;
use super::parse_logs::LogWork;
use super::statistics::{Counters, PipelineStatistics};
use super::{Handled, PipelineError, PipelineOptions, WorkItem};
use crate::events::{EventBus, LocalBus};
use crate::http::Client;
use crate::log::{LogViewer, ParsePool, ViewOptions};
use crate::pulse::{Binding, Kind, Listened, Listener, Source};
use crate::push::Upstream;
use crate::queue::{Queue, QueueError, QueueName, Statistics, Worker};
use crate::store::Store;
use crate::task::{ArtifactListing, CachedTaskQueue, Filter, HttpTaskQueue, TaskQueue};

/// How often [`Pipeline::drained`] looks.
const DRAIN_POLL: Duration = Duration::from_millis(50);

/// Works on the queues: task events become jobs, jobs' logs become failure lines. Cheap to clone.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use treeherder_ingest::{http, pipeline::{Pipeline, PipelineOptions}, push, queue::{QueueName, SqlQueue}, store::Store};
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::connect("sqlite://treeherder.sqlite?mode=rwc", 8).await?;
/// let queue = Arc::new(SqlQueue::new(store.connection().clone(), "worker-1"));
/// let client = http::Client::new(http::ClientOptions::for_site("https://treeherder.example.org"))?;
/// let upstream = push::Upstream::new(client.clone(), push::UpstreamOptions::default())?;
/// let pipeline = Pipeline::new(store, queue, client, upstream, PipelineOptions::default());
/// let stop = tokio_util::sync::CancellationToken::new();
/// pipeline.run(&QueueName::all().collect::<Vec<_>>(), stop).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pipeline {
    pub(super) shared: Arc<Shared>,
}

/// What the clones of a pipeline share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) client: Client,
    pub(super) upstream: Upstream,
    pub(super) tasks: Arc<dyn TaskQueue>,
    pub(super) filter: Filter,
    pub(super) events: Arc<dyn EventBus>,
    pub(super) parse_pool: ParsePool,
    pub(super) options: PipelineOptions,
    pub(super) counters: Counters,
    statistics: Arc<Statistics>,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pipeline")
            .field("store", &self.shared.store)
            .field("queue", &self.shared.queue)
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    /// Makes a pipeline that asks Taskcluster for definitions through `client`.
    #[must_use]
    pub fn new(
        store: Store,
        queue: Arc<dyn Queue>,
        client: Client,
        upstream: Upstream,
        options: PipelineOptions,
    ) -> Self {
        let tasks = Arc::new(HttpTaskQueue::new(client.clone()));
        Self::with_task_queue(store, queue, client, upstream, tasks, options)
    }

    /// Makes a pipeline that asks `tasks` for definitions, through a cache.
    #[must_use]
    pub fn with_task_queue(
        store: Store,
        queue: Arc<dyn Queue>,
        client: Client,
        upstream: Upstream,
        tasks: Arc<dyn TaskQueue>,
        options: PipelineOptions,
    ) -> Self {
        let events = options.events.clone().unwrap_or_else(|| Arc::new(LocalBus::new(store.clone())));
        let shared = Shared {
            store,
            events,
            queue,
            client,
            upstream,
            tasks: Arc::new(CachedTaskQueue::new(tasks, options.definition_cache)),
            filter: Filter::new(&options.projects_to_ingest),
            parse_pool: ParsePool::new(options.parse_threads),
            counters: Counters::default(),
            statistics: Arc::default(),
            options,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Returns where the pipeline stores.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Returns the bus that live readers are told through.
    #[must_use]
    pub fn events(&self) -> &Arc<dyn EventBus> {
        &self.shared.events
    }

    /// Makes a viewer of the logs that the pipeline may fetch; both share the threads for inflating.
    #[must_use]
    pub fn viewer(&self, options: ViewOptions) -> LogViewer {
        let Shared { store, client, parse_pool, options: own, .. } = &*self.shared;
        LogViewer::new(store.clone(), client.clone(), parse_pool.clone(), own.rules.clone(), options)
    }

    /// Lists the artifacts of a run of a task, as far as its deployment of Taskcluster tells them.
    pub async fn artifacts(&self, root_url: &str, task_id: &str, run_id: u32) -> ArtifactListing {
        self.shared.tasks.artifacts_until_error(root_url, task_id, run_id).await
    }

    /// Returns the queue the pipeline works on.
    #[must_use]
    pub fn queue(&self) -> &Arc<dyn Queue> {
        &self.shared.queue
    }

    /// Works on `queues` until `stop` is cancelled; what is in flight then is finished or given back.
    pub async fn run(&self, queues: &[QueueName], stop: CancellationToken) {
        let options = &self.shared.options;
        let mut worker = Worker::new(Arc::clone(&self.shared.queue), options.worker.clone())
            .with_statistics(Arc::clone(&self.shared.statistics));
        for queue in queues {
            let handler = Arc::new(QueueHandler::new(self.clone(), *queue));
            worker = worker.serve(*queue, options.pool(*queue), handler);
        }
        worker.run(stop).await;
    }

    /// Waits until `queues` are empty: nothing ready, in anyone's hands or, if asked for, waiting for its time.
    ///
    /// Dead letters do not count. Somebody has to work on the queues meanwhile.
    ///
    /// # Errors
    /// When the queue cannot be asked.
    pub async fn drained(&self, queues: &[QueueName], delayed_too: bool) -> Result<(), QueueError> {
        // Counting is not one moment: a message given back in between may be missed once, not twice.
        let mut empty = 0;
        loop {
            let depths = self.shared.queue.depths().await?;
            let is_empty = depths
                .iter()
                .filter(|depth| queues.contains(&depth.queue))
                .all(|depth| depth.ready == 0 && depth.leased == 0 && (depth.delayed == 0 || !delayed_too));
            empty = if is_empty { empty + 1 } else { 0 };
            if empty == 2 {
                return Ok(());
            }
            tokio::time::sleep(DRAIN_POLL).await;
        }
    }

    /// Returns what was done so far, by this pipeline and its clones.
    #[must_use]
    pub fn statistics(&self) -> PipelineStatistics {
        self.shared.counters.snapshot(self.shared.statistics.snapshot())
    }

    /// Handles one item now, past the queue; what it leads to (such as the parsing of logs) is queued.
    ///
    /// # Errors
    /// What made it fail; nothing is retried.
    pub async fn handle(&self, item: &WorkItem) -> Result<Handled, PipelineError> {
        match item {
            WorkItem::StorePulseTasks { body, exchange, root_url, .. } => {
                self.store_task(exchange, body, root_url).await
            }
            WorkItem::StorePulsePushes { body, exchange, .. } => self.store_push(exchange, body).await,
            WorkItem::StorePulsePushesClassification { .. } => {
                self.shared.counters.classifications.add(1);
                Ok(Handled::Classification)
            }
            WorkItem::LogParser { job_id, job_log_ids, .. } => {
                self.work_on_logs(*job_id, job_log_ids, LogWork::Parse).await
            }
            WorkItem::IngestPerfherderData { job_id, job_log_ids } => {
                self.work_on_logs(*job_id, job_log_ids, LogWork::IngestPerformance).await
            }
            WorkItem::GenerateAlerts { .. } => Err(PipelineError::NotHandled(item.task())),
            WorkItem::FetchPushLogs => self.queue_polls().await,
            WorkItem::FetchHgPushLogs { name, url } => self.poll(name, url).await,
            WorkItem::PublishStats => self.publish_stats().await,
            WorkItem::UpdateBugscache => self.update_bugscache().await,
            WorkItem::UpdateBugzillaSecurityGroups => self.update_security_groups().await,
            WorkItem::UpdateChangelog => self.update_changelog().await,
            WorkItem::UnclassifiedFailureCount => {
                Ok(Handled::UnclassifiedTold { repositories: self.announce_unclassified().await? })
            }
            WorkItem::CycleData => self.cycle_data().await,
        }
    }

    /// Listens to `source` until it ends or `stop` is cancelled, and puts what arrives on the queues.
    ///
    /// `bindings` are for sources that know none (replay, demo): only what one of them matches is taken.
    pub async fn listen(
        &self,
        source: &mut dyn Source,
        kind: Kind,
        bindings: Option<Vec<Binding>>,
        stop: &CancellationToken,
    ) -> Listened {
        let mut listener = Listener::new(Arc::clone(&self.shared.queue), kind)
            .with_options(self.shared.options.listener.clone());
        if let Some(bindings) = bindings {
            listener = listener.with_bindings(bindings);
        }
        listener.run(source, stop).await;
        listener.listened()
    }
}
