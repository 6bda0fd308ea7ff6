//! Measures the pipeline in one process on SQLite and prints the table for the README; `--write` puts it there.
//!
//! Task definitions come from memory; logs and error summaries from a server on a thread of its own, whose processor time is told beside
//! that of the pipeline. What is stored at the end is checked.

use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use treeherder_benches::machine;
use treeherder_benches::table::{self, Row};
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::pipeline::{Pipeline, PipelineOptions, PulseTask};
use treeherder_ingest::push::{LoadedPush, Upstream, UpstreamOptions};
use treeherder_ingest::queue::{Message, Queue, QueueName, SqlQueue};
use treeherder_ingest::store::Store;
use treeherder_ingest::task::{MemoryTaskQueue, TaskDefinition};
use treeherder_testdata::errorsummary::SummarySpec;

const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";
/// Bytes of a decoded log.
const LOG_BYTES: usize = 1_400_000;
/// File name of the error summaries.
const SUMMARY: &str = "mochitest_errorsummary.log";

#[derive(Parser)]
struct Args {
    /// Tasks of which each goes through pending, running and completed.
    #[arg(long, default_value_t = 10_000)]
    tasks: usize,
    /// Completed tasks whose log and error summary are fetched and parsed.
    #[arg(long, default_value_t = 2_000)]
    logs: usize,
    /// Replaces the table in this file.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "README.md")]
    write: Option<PathBuf>,
}

/// What one phase took.
struct Phase {
    seconds: f64,
    /// Processor time of the pipeline.
    processor: f64,
    /// Processor time of the log server.
    serving: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let server = LogServer::start(&packed_log()?, &SummarySpec::failed(1, 20).text().0)?;
    let root = server.root.clone();
    let directory = tempfile::tempdir()?;
    let bench = Bench::new(directory.path(), args.tasks + args.logs, server).await?;

    let jobs = 0..args.tasks;
    let mut stored = Phase { seconds: 0.0, processor: 0.0, serving: 0.0 };
    let mut pending = None;
    for state in ["pending", "running", "completed"] {
        bench.publish_events(jobs.clone(), state, &root).await?;
        let phase = bench.work(&[QueueName::StorePulseTasks]).await?;
        stored.seconds += phase.seconds;
        stored.processor += phase.processor;
        pending.get_or_insert(phase);
    }
    let pending = pending.context("there is a first phase")?;
    bench.throw_away(QueueName::LogParser).await?;

    let tests = args.tasks..args.tasks + args.logs;
    bench.publish_events(tests, "failed", &root).await?;
    let queues: Vec<QueueName> = QueueName::all().collect();
    let parsed = bench.work(&queues).await?;
    let statistics = bench.pipeline.statistics();
    ensure!(statistics.logs_parsed == args.logs as u64, "{} logs parsed", statistics.logs_parsed);
    ensure!(statistics.error_summaries == args.logs as u64, "{} summaries read", statistics.error_summaries);
    ensure!(
        statistics.jobs_stored == (3 * args.tasks + args.logs) as u64,
        "{} jobs stored",
        statistics.jobs_stored
    );

    let (tasks, logs) = (args.tasks as f64, args.logs as f64);
    let messages = 3.0 * tasks;
    let rows = [
        Row::new(
            "storing a job from a task message",
            format!(
                "{:.0} jobs/s, {:.2} ms CPU each",
                tasks / pending.seconds,
                1e3 * pending.processor / tasks
            ),
            "Treeherder: 27/s, 29 ms",
            format!("{:.0} ×", tasks / pending.seconds / 27.0),
            "2,000 jobs/s, 0.5 ms",
        ),
        Row::new(
            "pending, running, completed of each job",
            format!(
                "{:.0} messages/s, {:.2} ms CPU each",
                messages / stored.seconds,
                1e3 * stored.processor / messages
            ),
            "Treeherder: 32/s",
            format!("{:.0} ×", messages / stored.seconds / 32.0),
            "3,000 messages/s",
        ),
        Row::new(
            "a 1.4 MB log and an error summary fetched, parsed and stored",
            format!(
                "{:.0} logs/s, {:.2} ms CPU each; the log server {:.2} ms",
                logs / parsed.seconds,
                1e3 * parsed.processor / logs,
                1e3 * parsed.serving / logs
            ),
            "Treeherder: 6.6/s, 206 ms",
            format!("{:.0} ×", logs / parsed.seconds / 6.6),
            "300 logs/s, 4 ms",
        ),
        Row::new(
            "peak memory of the whole process, log server included",
            format!("{} MB", status_kilobytes("VmHWM:") / 1000),
            "Treeherder: 164–211 MB a worker",
            "",
            "200 MB",
        ),
    ];
    let text = format!(
        "{}\n{}. Treeherder's figures were measured on another machine of this kind.",
        table::markdown(&rows),
        machine::describe()
    );
    println!("{text}");
    if let Some(path) = args.write {
        table::replace(&path, "ingest", &text)?;
    }
    Ok(())
}

/// A pipeline on a fresh database.
struct Bench {
    queue: Arc<SqlQueue>,
    pipeline: Pipeline,
    server: LogServer,
}

impl Bench {
    async fn new(directory: &Path, tasks: usize, server: LogServer) -> Result<Self> {
        let store =
            Store::connect(&format!("sqlite://{}?mode=rwc", directory.join("rate.sqlite").display()), 8)
                .await?;
        let queue = Arc::new(SqlQueue::new(store.connection().clone(), "rate"));
        let client = Client::new(ClientOptions::for_local_servers())?;
        let upstream = Upstream::new(client.clone(), UpstreamOptions::default())?;
        let definitions = (0..tasks)
            .map(|task| Ok((slug(task), serde_json::from_value(definition(task))?)))
            .collect::<Result<Vec<(String, TaskDefinition)>>>()?;
        let mut source = MemoryTaskQueue::new(definitions);
        for task in 0..tasks {
            source.add_artifacts(&slug(task), 0, [format!("public/test_info/{SUMMARY}")]);
        }
        let pipeline = Pipeline::with_task_queue(
            store.clone(),
            Arc::clone(&queue) as Arc<dyn Queue>,
            client,
            upstream,
            Arc::new(source),
            PipelineOptions::default(),
        );
        store.migrate().await?;
        store.seed().await?;
        let autoland = store.repository_by_name("autoland").await?.context("no autoland")?;
        let push = LoadedPush {
            revision: REVISION.to_owned(),
            push_timestamp: 1_740_638_000.0,
            author: "ana@example.com".to_owned(),
            revisions: Vec::new(),
            branch: None,
        };
        store.store_push(autoland.id, &push).await?;
        Ok(Self { queue, pipeline, server })
    }

    async fn publish_events(&self, tasks: Range<usize>, state: &str, root: &str) -> Result<()> {
        let messages: Vec<Message> = tasks.map(|task| event(task, state, root)).collect();
        for part in messages.chunks(500) {
            self.queue.publish(part).await?;
        }
        Ok(())
    }

    /// Works on queues until they are empty.
    async fn work(&self, queues: &[QueueName]) -> Result<Phase> {
        let stop = CancellationToken::new();
        let (pipeline, stopped, served) = (self.pipeline.clone(), stop.clone(), queues.to_vec());
        let begun = (Instant::now(), processor_seconds("self"), self.server.processor_seconds());
        let running = tokio::spawn(async move { pipeline.run(&served, stopped).await });
        self.pipeline.drained(queues, true).await?;
        let (start, all, serving) = begun;
        let serving = self.server.processor_seconds() - serving;
        let processor = processor_seconds("self") - all - serving;
        let phase = Phase { seconds: start.elapsed().as_secs_f64(), processor, serving };
        stop.cancel();
        running.await?;
        Ok(phase)
    }

    async fn throw_away(&self, queue: QueueName) -> Result<()> {
        loop {
            let unwanted = self.queue.claim(&[queue], 500, Duration::from_secs(60)).await?;
            if unwanted.is_empty() {
                return Ok(());
            }
            let receipts: Vec<_> = unwanted.iter().map(|delivery| delivery.receipt).collect();
            self.queue.ack(&receipts).await?;
        }
    }
}

/// User and system time of this process (`self`) or one of its threads (`self/task/NUMBER`), from the kernel's hundredths of a
/// second.
fn processor_seconds(of: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{of}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// A line of this process's status that is in kilobytes.
fn status_kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A slug of 22 characters that ends as a UUID of version 4 does.
fn slug(task: usize) -> String {
    format!("{task:07}AQAaAAAAAAAAAAA")[..22].to_owned()
}

fn definition(task: usize) -> Value {
    json!({
        "routes": [format!("tc-treeherder.v2.autoland.{REVISION}.96861")],
        "created": "2026-02-26T19:13:51.402Z",
        "workerType": "t-linux",
        "metadata": {"name": format!("test-linux64/opt-mochitest-{}", task % 400), "description": "Runs tests", "owner": "me@example.com"},
        "payload": {"command": ["run", "x".repeat(4000)]},
        "extra": {"treeherder": {"symbol": format!("{}", task % 400), "groupSymbol": "M", "jobKind": "test", "tier": 1,
            "collection": {"opt": true}, "machine": {"platform": "linux64"}}}
    })
}

fn event(task: usize, state: &str, root: &str) -> Message {
    let mut run = json!({"runId": 0, "state": state, "reasonCreated": "scheduled", "scheduled": "2026-02-26T19:36:10.316Z"});
    if state != "pending" {
        run["started"] = json!("2026-02-26T19:40:00.000Z");
        run["workerId"] = json!(format!("worker-{}", task % 50));
    }
    if state == "completed" || state == "failed" {
        run["reasonResolved"] = json!(state);
        run["resolved"] = json!("2026-02-26T19:50:00.000Z");
    }
    let body = json!({"status": {"taskId": slug(task), "provisionerId": "p", "workerType": "t-linux",
        "schedulerId": "gecko-level-3", "taskGroupId": "XrWNyFwpT2in-wLY9frb-w", "deadline": "2026-02-27T19:13:51.402Z",
        "expires": "2027-02-26T19:13:51.402Z", "retriesLeft": 5, "state": state, "runs": [run]}, "runId": 0, "version": 1});
    let exchange = format!("exchange/taskcluster-queue/v1/task-{state}");
    PulseTask::Tasks.message(&body.to_string(), &exchange, "primary.x", root)
}

fn packed_log() -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut written = 0;
    let mut state = 1_u64;
    while written < LOG_BYTES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let line = match state >> 33 {
            random if random % 3000 == 0 => {
                format!(
                    "[task 2026-02-26T19:41:00.123Z] 19:41:00     INFO - TEST-UNEXPECTED-FAIL | dom/t_{random}.html | it broke\n"
                )
            }
            random => format!(
                "[task 2026-02-26T19:41:00.123Z] 19:41:00     INFO - TEST-PASS | dom/base/test/t_{random}.html | ok {}\n",
                random % 100
            ),
        };
        written += line.len();
        encoder.write_all(line.as_bytes())?;
    }
    Ok(encoder.finish()?)
}

/// Serves the same error summary for each path that asks for one, and the same log for every other path.
struct LogServer {
    root: String,
    /// The thread that it runs on, as `/proc` has it.
    thread: String,
}

impl LogServer {
    fn start(log: &[u8], summary: &str) -> Result<Self> {
        let answer = |encoding: &str, body: &[u8]| -> Arc<[u8]> {
            let head = format!("HTTP/1.1 200 OK\r\n{encoding}content-length: {}\r\n\r\n", body.len());
            [head.as_bytes(), body].concat().into()
        };
        let (log, summary) = (answer("content-encoding: gzip\r\n", log), answer("", summary.as_bytes()));
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || -> Result<()> {
            let thread = std::fs::read_link("/proc/thread-self")?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
                let root = format!("http://{}", listener.local_addr()?);
                tell.send(Self { root, thread: thread.display().to_string() })?;
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer_requests(stream, Arc::clone(&log), Arc::clone(&summary)));
                }
                Ok(())
            })
        });
        told.recv().context("the log server did not start")
    }

    fn processor_seconds(&self) -> f64 {
        processor_seconds(&self.thread)
    }
}

async fn answer_requests(mut stream: TcpStream, log: Arc<[u8]>, summary: Arc<[u8]>) {
    let mut head = Vec::with_capacity(1024);
    while stream.read_buf(&mut head).await.is_ok_and(|bytes| bytes > 0) {
        if head.ends_with(b"\r\n\r\n") {
            let asks_for_summary = head.windows(SUMMARY.len()).any(|part| part == SUMMARY.as_bytes());
            head.clear();
            let answer = if asks_for_summary { &summary } else { &log };
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
    }
}
