//! A pipeline over a database of its own, and what a test wants to know about it afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Statement};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::job::{JobData, LoadedJob, LogReference, Platform};
use treeherder_ingest::pipeline::{Pipeline, PipelineOptions, WorkItem};
use treeherder_ingest::pulse::{ChannelSource, Delivery, Kind, Listened};
use treeherder_ingest::push::{LoadedPush, Upstream, UpstreamOptions};
use treeherder_ingest::queue::{DeadLetter, Page, Queue, QueueName, RetryPolicy, SqlQueue, WorkerOptions};
use treeherder_ingest::store::entity::job_log;
use treeherder_ingest::store::{LogKind, Store};

use crate::support::database::{Backend, TestStore};

pub(crate) const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";

/// Options for tests: the rules of production, with shorter waits.
pub(crate) fn options() -> PipelineOptions {
    let mut options = PipelineOptions::default();
    options.worker = WorkerOptions {
        poll: Duration::from_millis(20),
        retries: RetryPolicy {
            max_retries: 4,
            unit: Duration::from_millis(30),
            min_growth: 1.0,
            max_growth: 1.0,
        },
        ..WorkerOptions::default()
    };
    options.log_fetch.idle_timeout = Duration::from_millis(400);
    options.error_summary_fetch.idle_timeout = Duration::from_millis(400);
    options.perfherder_fetch.idle_timeout = Duration::from_millis(400);
    options
}

/// All queues.
pub(crate) fn every_queue() -> Vec<QueueName> {
    QueueName::all().collect()
}

/// A pipeline with its database.
pub(crate) struct Harness {
    pub(crate) store: Store,
    pub(crate) queue: Arc<SqlQueue>,
    pub(crate) pipeline: Pipeline,
    pub(crate) database: TestStore,
    jobs: AtomicU32,
}

impl Harness {
    /// Makes a pipeline over a seeded database of its own; the hg and GitHub of messages are at `upstream`, if given.
    pub(crate) async fn new(
        backend: Backend,
        options: PipelineOptions,
        upstream: Option<UpstreamOptions>,
    ) -> Option<Self> {
        let database = TestStore::seeded(backend).await?;
        Some(Self::over(database, options, upstream))
    }

    pub(crate) async fn sqlite(options: PipelineOptions) -> Self {
        Self::new(Backend::Sqlite, options, None).await.unwrap()
    }

    /// Makes a pipeline over a database that may have been used before, as a restarted process does.
    pub(crate) fn over(
        database: TestStore,
        options: PipelineOptions,
        upstream: Option<UpstreamOptions>,
    ) -> Self {
        let store = database.store.clone();
        let queue = Arc::new(SqlQueue::new(store.connection().clone(), "test"));
        let mut network = ClientOptions::for_local_servers();
        // Waiting for the head of an answer has this on top.
        network.connect_timeout = Duration::from_millis(400);
        let client = Client::new(network).unwrap();
        let upstream = Upstream::new(client.clone(), upstream.unwrap_or_default()).unwrap();
        let pipeline =
            Pipeline::new(store.clone(), Arc::clone(&queue) as Arc<dyn Queue>, client, upstream, options);
        Self { store, queue, pipeline, database, jobs: AtomicU32::new(0) }
    }

    /// Starts to work on every queue.
    pub(crate) fn start(&self) -> Running {
        let stop = CancellationToken::new();
        let (pipeline, stopped) = (self.pipeline.clone(), stop.clone());
        let task = tokio::spawn(async move { pipeline.run(&every_queue(), stopped).await });
        Running { stop, task }
    }

    /// Works until nothing is left to do, retries included.
    pub(crate) async fn work(&self) {
        let running = self.start();
        self.pipeline.drained(&every_queue(), true).await.unwrap();
        running.stop().await;
    }

    /// Puts deliveries on the queues.
    pub(crate) async fn listen(&self, deliveries: Vec<Delivery>) -> Listened {
        let (sender, mut source) = ChannelSource::new(100);
        let sending = tokio::spawn(async move {
            for delivery in deliveries {
                assert!(sender.send(delivery).await);
            }
        });
        let listened = self.pipeline.listen(&mut source, Kind::Joint, None, &CancellationToken::new()).await;
        sending.await.unwrap();
        listened
    }

    /// Stores a failed job of autoland with one log, and queues the parsing of that log.
    pub(crate) async fn job_with_log(&self, name: &str, url: &str) -> StoredLog {
        self.job_with_logs(&[(name, url)]).await
    }

    /// Does the same with several logs and one item for all of them; the ids are those of the first.
    pub(crate) async fn job_with_logs(&self, logs: &[(&str, &str)]) -> StoredLog {
        let push = LoadedPush {
            revision: REVISION.to_owned(),
            push_timestamp: 1_740_638_000.0,
            author: "ana@example.com".to_owned(),
            revisions: Vec::new(),
            branch: None,
        };
        let autoland = self.store.repository_by_name("autoland").await.unwrap().unwrap();
        self.store.store_push(autoland.id, &push).await.unwrap();
        let job = loaded_job(self.jobs.fetch_add(1, Ordering::Relaxed), logs);
        let outcome = self.store.store_jobs(&[job]).await.unwrap().remove(0);
        let job_id = outcome.job_id.unwrap();
        let ids: Vec<i64> = outcome.logs.iter().map(|log| i64::from(log.id)).collect();
        let item = if outcome.logs[0].kind == LogKind::Perfherder {
            WorkItem::IngestPerfherderData { job_id, job_log_ids: ids }
        } else {
            let priority = treeherder_ingest::pipeline::LogPriority::Failures;
            WorkItem::LogParser { job_id, job_log_ids: ids, priority }
        };
        self.queue.publish(&[item.to_message().unwrap()]).await.unwrap();
        StoredLog { job_id, log_id: outcome.logs[0].id, item }
    }

    pub(crate) async fn log_statuses(&self, job_id: i64) -> Vec<(String, i32)> {
        let logs: Vec<job_log::Model> = self.store.all_job_logs(job_id).await.unwrap();
        logs.into_iter().map(|log| (log.name, log.status)).collect()
    }

    pub(crate) async fn log_status(&self, job_id: i64) -> i32 {
        self.log_statuses(job_id).await[0].1
    }

    pub(crate) async fn error_lines(&self, job_id: i64) -> Vec<(i32, String)> {
        let lines = self.store.error_lines(job_id).await.unwrap();
        lines.into_iter().map(|line| (line.line_number, line.line)).collect()
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut dead = Vec::new();
        for queue in QueueName::all() {
            let page = Page { before: None, limit: 1000 };
            dead.extend(self.queue.dead_letters(queue, page).await.unwrap());
        }
        dead
    }

    /// Counts messages that are not finished.
    pub(crate) async fn unfinished(&self) -> u64 {
        let depths = self.queue.depths().await.unwrap();
        depths.iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum()
    }

    /// Everything that was ingested, as text without keys and times of storing, sorted: equal for equal contents.
    pub(crate) async fn contents(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut contents = BTreeMap::new();
        for (name, sql) in CONTENTS {
            let statement = Statement::from_string(self.store.backend(), *sql);
            let rows = self.store.connection().query_all_raw(statement).await.unwrap();
            let mut lines: Vec<String> =
                rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect();
            lines.sort();
            contents.insert(*name, lines);
        }
        contents
    }
}

/// A stored job with a log.
pub(crate) struct StoredLog {
    pub(crate) job_id: i64,
    pub(crate) log_id: i32,
    pub(crate) item: WorkItem,
}

/// A pipeline at work.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// One query per table, each row as one text.
const CONTENTS: &[(&str, &str)] = &[
    (
        "push",
        "SELECT r.name || ' ' || p.revision || ' ' || p.author FROM push p JOIN repository r ON r.id = p.repository_id",
    ),
    (
        "commit",
        "SELECT p.revision || ' ' || c.revision || ' ' || c.author || ' ' || c.comments FROM \"commit\" c JOIN push p ON p.id = c.push_id",
    ),
    (
        "job",
        "SELECT j.guid || ' ' || j.state || ' ' || j.result || ' ' || j.who || ' ' || j.reason || ' ' || p.revision || ' ' || t.name \
         || ' ' || t.symbol || ' ' || CAST(j.tier AS TEXT) || ' ' || CAST(j.submit_time AS TEXT) || ' ' || CAST(j.start_time AS TEXT) || ' ' || CAST(j.end_time AS TEXT) FROM job j \
         JOIN push p ON p.id = j.push_id JOIN job_type t ON t.id = j.job_type_id",
    ),
    (
        "task",
        "SELECT j.guid || ' ' || m.task_id || ' ' || CAST(m.retry_id AS TEXT) FROM taskcluster_metadata m JOIN job j ON j.id = m.job_id",
    ),
    (
        "log",
        "SELECT j.guid || ' ' || l.name || ' ' || l.url || ' ' || CAST(l.status AS TEXT) FROM job_log l JOIN job j ON j.id = l.job_id",
    ),
    (
        "error line",
        "SELECT j.guid || ' ' || CAST(e.line_number AS TEXT) || ' ' || e.line FROM text_log_error e JOIN job j ON j.id = e.job_id",
    ),
    (
        "failure line",
        "SELECT f.job_guid || ' ' || CAST(f.line AS TEXT) || ' ' || f.action || ' ' || COALESCE(f.test, '-') || ' ' || COALESCE(f.subtest, '-') \
         || ' ' || f.status || ' ' || COALESCE(f.message, '-') FROM failure_line f",
    ),
    (
        "group",
        "SELECT j.guid || ' ' || g.name || ' ' || CAST(s.status AS TEXT) || ' ' || CAST(s.duration AS TEXT) FROM group_status s \
         JOIN \"group\" g ON g.id = s.group_id JOIN job_log l ON l.id = s.job_log_id JOIN job j ON j.id = l.job_id",
    ),
    (
        "datum",
        "SELECT j.guid || ' ' || s.signature_hash || ' ' || CAST(d.value AS TEXT) FROM performance_datum d \
         JOIN performance_signature s ON s.id = d.signature_id JOIN job j ON j.id = d.job_id",
    ),
];

pub(crate) fn loaded_job(number: u32, logs: &[(&str, &str)]) -> LoadedJob {
    let platform = Platform {
        platform: "linux64".to_owned(),
        os_name: "linux".to_owned(),
        architecture: "x86_64".to_owned(),
    };
    let reference = |(name, url): &(&str, &str)| LogReference {
        name: (*name).to_owned(),
        url: (*url).to_owned(),
        parse_status: "pending".to_owned(),
    };
    let (perfherder, others): (Vec<_>, Vec<_>) =
        logs.iter().partition(|(name, _)| name.starts_with("perfherder"));
    LoadedJob {
        repository: "autoland".to_owned(),
        revision: REVISION.to_owned(),
        superseded: Vec::new(),
        job: JobData {
            job_guid: format!("037e6659-346e-426c-a3f3-cc8c9c81747c/{number}"),
            name: "test-linux64/opt-mochitest-1".to_owned(),
            job_symbol: "1".to_owned(),
            group_name: "Mochitests".to_owned(),
            group_symbol: "M".to_owned(),
            product_name: "firefox".to_owned(),
            state: "completed".to_owned(),
            result: "testfailed".to_owned(),
            reason: "scheduled".to_owned(),
            who: "ana@example.com".to_owned(),
            build_system_type: "taskcluster".to_owned(),
            tier: 1,
            machine: "worker-1".to_owned(),
            option_collection: [("opt".to_owned(), true)].into_iter().collect(),
            log_references: others.iter().map(reference).collect(),
            perfherder_data_references: perfherder.iter().map(reference).collect(),
            submit_timestamp: Some(1_740_638_100),
            start_timestamp: Some(1_740_638_200),
            end_timestamp: Some(1_740_638_300),
            build_platform: Some(platform.clone()),
            machine_platform: Some(platform),
            taskcluster_task_id: Some("A35mWTRuQmyj88yMnIF0fA".to_owned()),
            taskcluster_retry_id: Some(number.into()),
        },
    }
}
