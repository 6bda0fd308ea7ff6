//! How fast task events become jobs and logs become failure lines, on SQLite in a temporary folder:
//! `cargo run --release -p treeherder-ingest --example ingest_rate -- [TASKS] [LOGS]`.
//!
//! Definitions come from memory, logs from a server in the same process, whose work is part of the processor time.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::pipeline::{Pipeline, PipelineOptions, PulseTask};
use treeherder_ingest::push::{LoadedPush, Upstream, UpstreamOptions};
use treeherder_ingest::queue::{Message, Queue, QueueName, SqlQueue};
use treeherder_ingest::store::Store;
use treeherder_ingest::task::{MemoryTaskQueue, TaskDefinition};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";
/// Bytes of a decoded log.
const LOG_BYTES: usize = 1_400_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (tasks, logs) = (number(5_000)?, number(1_000)?);

    let root = serve(packed_log()?).await?;
    let directory = std::env::temp_dir().join(format!("ingest-rate-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let url = format!("sqlite://{}?mode=rwc", directory.join("rate.sqlite").display());
    let store = Store::connect(&url, 8).await?;
    let queue = Arc::new(SqlQueue::new(store.connection().clone(), "rate"));
    let client = Client::new(ClientOptions::for_local_servers())?;
    let upstream = Upstream::new(client.clone(), UpstreamOptions::default())?;
    let definitions: Vec<(String, TaskDefinition)> = (0..tasks)
        .map(|task| Ok((slug(task), serde_json::from_value(definition(task))?)))
        .collect::<Result<_, Failure>>()?;
    let pipeline = Pipeline::with_task_queue(
        store.clone(),
        Arc::clone(&queue) as Arc<dyn Queue>,
        client,
        upstream,
        Arc::new(MemoryTaskQueue::new(definitions)),
        PipelineOptions::default(),
    );
    store.migrate().await?;
    store.seed().await?;
    let autoland = store.repository_by_name("autoland").await?.ok_or("no autoland")?;
    let push = LoadedPush {
        revision: REVISION.to_owned(),
        push_timestamp: 1_740_638_000.0,
        author: "ana@example.com".to_owned(),
        revisions: Vec::new(),
        branch: None,
    };
    store.store_push(autoland.id, &push).await?;

    for state in ["pending", "running", "completed"] {
        // A completed task has a log; those beyond the number asked for are thrown away before they are parsed.
        let messages: Vec<Message> = (0..tasks).map(|task| event(task, state, &root)).collect();
        for part in messages.chunks(500) {
            queue.publish(part).await?;
        }
        measure(&pipeline, state, "messages", tasks, &[QueueName::StorePulseTasks]).await?;
    }
    let parse = [QueueName::LogParser, QueueName::LogParserFailRawSheriffed];
    let mut left = tasks;
    while left > logs {
        let unwanted = queue.claim(&parse, (left - logs).min(500), Duration::from_secs(60)).await?;
        let receipts: Vec<_> = unwanted.iter().map(|delivery| delivery.receipt).collect();
        left -= queue.ack(&receipts).await?;
    }
    measure(&pipeline, "logs", "logs", left, &parse).await?;
    let statistics = pipeline.statistics();
    println!(
        "{} logs, {:.1} MB decoded, {} failure lines; peak of memory {}",
        statistics.logs_parsed,
        statistics.decoded_bytes as f64 / 1e6,
        statistics.failure_lines,
        status_line("VmHWM:")
    );
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

/// Works on queues until they are empty and tells how fast that was.
async fn measure(
    pipeline: &Pipeline,
    what: &str,
    unit: &str,
    number: usize,
    queues: &[QueueName],
) -> Result<(), Failure> {
    let stop = CancellationToken::new();
    let (clone, stopped, served) = (pipeline.clone(), stop.clone(), queues.to_vec());
    let (start, processor) = (Instant::now(), processor_seconds());
    let running = tokio::spawn(async move { clone.run(&served, stopped).await });
    pipeline.drained(queues, true).await?;
    let (seconds, processor) = (start.elapsed().as_secs_f64(), processor_seconds() - processor);
    stop.cancel();
    running.await?;
    let number = number as f64;
    println!(
        "{what:>9}: {:7.0} {unit}/s, {:6.3} ms of processor time each",
        number / seconds,
        processor * 1000.0 / number
    );
    Ok(())
}

/// User and system time of this process, from the kernel's hundredths of a second.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn status_line(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
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
    if state == "completed" {
        run["reasonResolved"] = json!("completed");
        run["resolved"] = json!("2026-02-26T19:50:00.000Z");
    }
    let body = json!({"status": {"taskId": slug(task), "provisionerId": "p", "workerType": "t-linux",
        "schedulerId": "gecko-level-3", "taskGroupId": "XrWNyFwpT2in-wLY9frb-w", "deadline": "2026-02-27T19:13:51.402Z",
        "expires": "2027-02-26T19:13:51.402Z", "retriesLeft": 5, "state": state, "runs": [run]}, "runId": 0, "version": 1});
    let exchange = format!("exchange/taskcluster-queue/v1/task-{state}");
    PulseTask::Tasks.message(&body.to_string(), &exchange, "primary.x", root)
}

fn packed_log() -> Result<Vec<u8>, Failure> {
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

/// Serves the same log for every path.
async fn serve(log: Vec<u8>) -> Result<String, Failure> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let root = format!("http://{}", listener.local_addr()?);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", log.len());
    let answer: Arc<[u8]> = [head.as_bytes(), &log].concat().into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut head = Vec::with_capacity(1024);
                while stream.read_buf(&mut head).await.is_ok_and(|bytes| bytes > 0) {
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        if stream.write_all(&answer).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    Ok(root)
}
