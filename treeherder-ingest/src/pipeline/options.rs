//! The settings of the pipeline.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use treeherder_logparse::Rules;

use crate::bugzilla::BugzillaOptions;
use crate::changelog::Project;
use crate::cycle::RETENTION_DAYS;
use crate::events::EventBus;
use crate::log::{ArtifactFetchOptions, LogFetchOptions};
use crate::perf::Allowed;
use crate::pulse::ListenerOptions;
use crate::queue::{PoolOptions, QueueName, WorkerOptions};
use crate::store::performance::PerformanceOptions;

/// Task events that are stored in one transaction, at most.
const TASK_BATCH: usize = 100;
/// How far claims of single task events are apart: one transaction for all that come meanwhile takes a fraction of the time of one
/// for each, and nobody sees the difference.
const TASK_LINGER: Duration = Duration::from_millis(25);

/// The settings of a [`Pipeline`](super::Pipeline); start from the default and change fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PipelineOptions {
    /// The text of `PROJECTS_TO_INGEST`: names between commas; empty, the default, for all projects (§4.4).
    pub projects_to_ingest: String,
    /// Threads that inflate and scan logs at the same time; one per core by default. 0 counts as 1.
    pub parse_threads: usize,
    /// Rules that tell failure lines; Treeherder's own when absent, the default.
    pub rules: Option<Rules>,
    /// Limits of fetching raw logs.
    pub log_fetch: LogFetchOptions,
    /// Limits of fetching error summaries.
    pub error_summary_fetch: ArtifactFetchOptions,
    /// Limits of fetching Perfherder artifacts.
    pub perfherder_fetch: ArtifactFetchOptions,
    /// What performance data is also taken from text logs: nothing by default (§6.3, Q-20).
    pub text_log_performance: Vec<Allowed>,
    /// How performance data is stored.
    pub performance: PerformanceOptions,
    /// Queues that are worked on with other settings than [`pool`](Self::pool) gives by default.
    pub pools: BTreeMap<QueueName, PoolOptions>,
    /// How workers deal with time and failures.
    pub worker: WorkerOptions,
    /// Where bugs are copied from, and reopened.
    pub bugzilla: BugzillaOptions,
    /// Days for which jobs are kept when the schedule removes old ones; 120 by default.
    pub keep_days: u32,
    /// How long one work item removes old data; then another one goes on. 5 minutes by default.
    pub cycle_time: Duration,
    /// Projects whose changes are copied for graphs (`spec/api.md` §3.22): none by default.
    pub changelog_projects: Vec<Project>,
    /// The bus that live readers are told through; one of the process alone when absent, the default.
    pub events: Option<Arc<dyn EventBus>>,
    /// How a listener groups what it publishes.
    pub listener: ListenerOptions,
    /// Bytes given to the cache of task definitions; 16 MiB by default.
    pub definition_cache: usize,
    /// Task definitions and artifact listings asked for at the same time by one batch of task events; 32 by default.
    pub concurrent_definitions: usize,
    /// Longest time that one event of a batch waits for its task's definition before it is tried again; 60 s by
    /// default. Without it, one definition that does not come would hold up the batch.
    pub definition_time: Duration,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        Self {
            projects_to_ingest: String::new(),
            parse_threads: std::thread::available_parallelism().map_or(1, usize::from),
            rules: None,
            log_fetch: LogFetchOptions::default(),
            error_summary_fetch: ArtifactFetchOptions::error_summary(),
            perfherder_fetch: ArtifactFetchOptions::perfherder_data(),
            text_log_performance: Vec::new(),
            performance: PerformanceOptions::default(),
            pools: BTreeMap::new(),
            worker: WorkerOptions::default(),
            bugzilla: BugzillaOptions::default(),
            keep_days: RETENTION_DAYS,
            cycle_time: Duration::from_secs(300),
            changelog_projects: Vec::new(),
            events: None,
            listener: ListenerOptions::default(),
            definition_cache: 16 * 1024 * 1024,
            concurrent_definitions: 32,
            definition_time: Duration::from_secs(60),
        }
    }
}

impl PipelineOptions {
    /// Returns how a queue is worked on: as set in [`pools`](Self::pools), or by default.
    ///
    /// The numbers of §2.2 are processes that wait for the network, one log each. Here waiting costs next to nothing, and
    /// the processor is guarded by [`parse_threads`](Self::parse_threads): more logs are under way at the same time.
    #[must_use]
    pub fn pool(&self, queue: QueueName) -> PoolOptions {
        if let Some(pool) = self.pools.get(&queue) {
            return *pool;
        }
        let pool = PoolOptions::of(queue);
        match queue {
            QueueName::StorePulseTasks => pool.with_batch(TASK_BATCH).with_linger(TASK_LINGER),
            QueueName::LogParser
            | QueueName::LogParserFailRawSheriffed
            | QueueName::LogParserFailRawUnsheriffed => pool.with_concurrency(8).with_batch(4),
            QueueName::LogParserFailJsonSheriffed
            | QueueName::LogParserFailJsonUnsheriffed
            | QueueName::PerfIngest => pool.with_concurrency(4).with_batch(2),
            _ => pool,
        }
    }

    /// Sets how many batches of a queue are handled at the same time.
    #[must_use]
    pub fn with_concurrency(mut self, queue: QueueName, concurrency: usize) -> Self {
        let pool = self.pool(queue).with_concurrency(concurrency);
        self.pools.insert(queue, pool);
        self
    }
}
