//! The bridge at a source: what is acknowledged, what is given back, and what is told about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use treeherder_ingest::bridge::{
    Bridge, BridgeOptions, JobPublisher, MemoryPublisher, Publication, PublishError, RunOptions, inspect,
};
use treeherder_ingest::pulse::{Binding, ChannelSource, Delivery, Recording};
use treeherder_ingest::task::{Artifact, MemoryTaskQueue, TaskDefinition, TaskQueue, TaskQueueError};

use super::support::{REVISION, TASK, UUID, definition, event, queue_of, routed, run, task, waiting, with};

/// Fails so many times before it publishes.
struct Failing {
    failures: AtomicUsize,
    inner: MemoryPublisher,
}

impl Failing {
    fn times(failures: usize) -> Arc<Self> {
        Arc::new(Self { failures: AtomicUsize::new(failures), inner: MemoryPublisher::new(100) })
    }
}

#[async_trait]
impl JobPublisher for Failing {
    async fn publish(&self, publication: Publication) -> Result<(), PublishError> {
        let fails =
            self.failures.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Err(PublishError { place: "broker".to_owned(), reason: "connection reset".to_owned() });
        }
        self.inner.publish(publication).await
    }
}

/// Runs a bridge over these messages until all are settled.
async fn run_over(publisher: Arc<dyn JobPublisher>, deliveries: Vec<Delivery>) -> Bridge {
    run_on(queue_of(definition()), publisher, deliveries).await
}

async fn run_on(
    queue: impl TaskQueue + 'static,
    publisher: Arc<dyn JobPublisher>,
    deliveries: Vec<Delivery>,
) -> Bridge {
    let bridge = Bridge::new(Arc::new(queue), publisher, BridgeOptions::new(["tc-treeherder"]));
    let (sender, mut source) = ChannelSource::new(100);
    for delivery in deliveries {
        assert!(sender.send(delivery).await);
    }
    drop(sender);
    let options = RunOptions { pause: Duration::ZERO, ..RunOptions::default() };
    // Ends only when every delivery is acknowledged.
    bridge.run(&mut source, options, &CancellationToken::new()).await;
    bridge
}

fn running() -> Delivery {
    event("running", 0, &json!([run("running")]))
}

#[tokio::test]
async fn everything_is_published_and_acknowledged() {
    let publisher = Failing::times(0);
    let bridge = run_over(publisher.clone(), vec![running(); 90]).await;
    assert_eq!(publisher.inner.take().len(), 90);
    assert_eq!(bridge.counters().get("handle-message.success"), 90);
}

#[tokio::test]
async fn what_can_never_be_published_is_acknowledged_and_told() {
    let mut unknown = running();
    unknown.exchange = "exchange/other/v1/x".to_owned();
    let long_project = format!("tc-treeherder.v2.{}.{REVISION}.1", "p".repeat(26));
    let long_route = routed("running", 0, &json!([run("running")]), &[&long_project]);
    let dotted = event("running", 0, &json!([with(run("running"), "/workerId", json!("a.b"))]));
    let elsewhere = routed("running", 0, &json!([run("running")]), &["tc-treeherder-staging.v2.try.abc"]);
    let publisher = Failing::times(0);
    let bridge = run_over(publisher.clone(), vec![unknown, long_route, dotted, elsewhere, running()]).await;
    assert_eq!(publisher.inner.take().len(), 1);
    let counters = bridge.counters();
    assert_eq!((counters.get("handle-message"), counters.get("handle-message.failure")), (5, 4));
    let mut kinds: Vec<&str> = bridge.problems().latest().iter().map(|problem| problem.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["no-route", "routing-key", "schema", "unknown-exchange"]);
}

#[tokio::test]
async fn a_broker_that_fails_once_costs_nothing() {
    let publisher = Failing::times(1);
    let bridge = run_over(publisher.clone(), vec![running()]).await;
    assert_eq!(publisher.inner.take().len(), 1);
    assert_eq!(bridge.counters().get("handle-message.failure"), 1);
    assert_eq!(bridge.counters().get("mozilla-inbound.publish-message.failure"), 1);
    assert!(bridge.problems().latest().is_empty());
}

#[tokio::test]
async fn a_broker_that_fails_again_costs_the_message_which_is_told() {
    let publisher = Failing::times(2);
    let bridge = run_over(publisher.clone(), vec![running()]).await;
    assert!(publisher.inner.take().is_empty());
    let [problem] = &bridge.problems().latest()[..] else { panic!("one problem") };
    assert_eq!(problem.kind, "broker");
    assert!(problem.message.contains("connection reset"), "{}", problem.message);
    assert_eq!(problem.job.as_ref().unwrap()["display"]["jobSymbol"], "R3");
}

/// Takes long to list artifacts the first time, until it was asked for the definition of another task.
struct SlowOnce {
    inner: MemoryTaskQueue,
    listings: AtomicUsize,
    other: tokio::sync::Notify,
}

/// Another task than [`TASK`].
const OTHER: &str = "AAAAAAAAAAAAAAAAAAAAAA";

#[async_trait]
impl TaskQueue for SlowOnce {
    async fn task(&self, root_url: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        if task_id == OTHER {
            self.other.notify_one();
        }
        self.inner.task(root_url, task_id).await
    }

    async fn artifacts(&self, root_url: &str, id: &str, run: u32) -> Result<Vec<Artifact>, TaskQueueError> {
        if self.listings.fetch_add(1, Ordering::Relaxed) == 0 {
            self.other.notified().await;
        }
        self.inner.artifacts(root_url, id, run).await
    }
}

/// The end of a run and its successor come close together; readers keep the first end that they are told.
#[tokio::test]
async fn messages_of_one_task_are_told_in_order_and_keep_no_other_task_waiting() {
    let ended = event("exception", 0, &json!([run("exception")]));
    let next = event("pending", 1, &json!([run("exception"), waiting("retry")]));
    let started = event("running", 1, &json!([run("exception"), run("running")]));
    let mut other = event("running", 0, &json!([run("running")]));
    other.body = String::from_utf8(other.body).unwrap().replace(TASK, OTHER).into_bytes();
    let queue = SlowOnce {
        inner: MemoryTaskQueue::new([TASK, OTHER].map(|id| (id.to_owned(), task(definition())))),
        listings: AtomicUsize::new(0),
        other: tokio::sync::Notify::new(),
    };
    let publisher = Arc::new(MemoryPublisher::new(100));
    let run = run_on(queue, publisher.clone(), vec![ended, next, started, other]);
    tokio::time::timeout(Duration::from_secs(60), run).await.expect("the other task waited");
    let mut told = Vec::new();
    for publication in publisher.take() {
        let job: Value = serde_json::from_slice(&publication.body).unwrap();
        if let Some(run_id) = job["taskId"].as_str().unwrap().strip_prefix(UUID) {
            told.push(format!("{run_id} {} ended {}", job["state"].as_str().unwrap(), job["timeCompleted"]));
        }
    }
    let ended = "/0 completed ended \"2019-06-26T19:50:00.000Z\"";
    let rest = ["/0 completed ended null", "/1 pending ended null", "/1 running ended null"];
    assert_eq!(told, [&[ended][..], &rest].concat());
}

#[tokio::test]
async fn a_stop_leaves_what_was_not_begun() {
    let publisher = Failing::times(0);
    let bridge = Bridge::new(
        Arc::new(queue_of(definition())),
        publisher.clone(),
        BridgeOptions::new(["tc-treeherder"]),
    );
    let (sender, mut source) = ChannelSource::new(10);
    assert!(sender.send(running()).await);
    let stop = CancellationToken::new();
    stop.cancel();
    bridge.run(&mut source, RunOptions::default(), &stop).await;
    assert!(publisher.inner.take().is_empty());
    let stop = CancellationToken::new();
    let stopped = async {
        publisher.inner.published().await;
        stop.cancel();
    };
    tokio::join!(bridge.run(&mut source, RunOptions::default(), &stop), stopped);
    assert_eq!(publisher.inner.take().len(), 1);
}

#[tokio::test]
async fn an_exchange_can_be_watched_and_what_is_shown_be_replayed() {
    let (sender, mut source) = ChannelSource::new(10);
    let mut other = running();
    other.cc = vec!["route.index.x".to_owned()];
    let mut text = running();
    text.body = b"no JSON".to_vec();
    for delivery in [running(), other, text, event("completed", 0, &json!([])), running(), running()] {
        assert!(sender.send(delivery).await);
    }
    drop(sender);
    let binding = Binding {
        exchange: "exchange/taskcluster-queue/v1/task-running".to_owned(),
        routing_keys: vec!["route.tc-treeherder.#".to_owned()],
    };
    let mut shown: Vec<Recording> = Vec::new();
    let show = |recording: &Recording| {
        shown.push(recording.clone());
        shown.len() < 3
    };
    inspect(&mut source, &binding, show, &CancellationToken::new()).await.unwrap();
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[1].body, json!("no JSON"));
    let line = serde_json::to_string(&shown[0]).unwrap();
    let replayed: Delivery = serde_json::from_str::<Recording>(&line).unwrap().into();
    assert_eq!(replayed, running());
}
