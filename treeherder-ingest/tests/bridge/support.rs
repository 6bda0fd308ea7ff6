//! A task, events about it, and a bridge that publishes into memory.

use std::sync::Arc;

use serde_json::{Value, json};
use treeherder_ingest::bridge::{Bridge, BridgeOptions, Handled, MemoryPublisher, Publication};
use treeherder_ingest::pulse::Delivery;
use treeherder_ingest::task::{MemoryTaskQueue, TaskDefinition};

pub(crate) const ROOT: &str = "https://tc.example.com";
pub(crate) const TASK: &str = "5UMTRzgESFG3Bn8kCBwxxQ";
pub(crate) const UUID: &str = "e5431347-3804-4851-b706-7f24081c31c5";
pub(crate) const REVISION: &str = "219d38523a321229f7f48aca6592f76b993fb1aa";

/// The definition of a task that says everything about its job.
pub(crate) fn definition() -> Value {
    json!({
        "routes": ["tc-treeherder.v2.not-the-one.of-the.definition"],
        "created": "2019-06-26T19:13:51.402Z",
        "workerType": "b2gtest",
        "metadata": {"name": "[TC] Reftest", "description": "Runs reftests", "owner": "me@example.com"},
        "payload": {},
        "extra": {"treeherder": {"symbol": "R3", "groupSymbol": "tc-R", "groupName": "Reftest", "productName": "b2g",
            "jobKind": "build", "collection": {"opt": true}, "machine": {"platform": "b2g-emu-x86-kk"}}}
    })
}

/// The definition of a task that says as little as possible.
pub(crate) fn plain_definition() -> Value {
    with(definition(), "/extra/treeherder", json!({"symbol": "x"}))
}

pub(crate) fn run(state: &str) -> Value {
    json!({
        "runId": 0, "state": state, "reasonCreated": "scheduled", "scheduled": "2019-06-26T19:36:10.316Z",
        "started": "2019-06-26T19:40:00.000Z", "resolved": "2019-06-26T19:50:00.000Z", "workerId": "i-0123"
    })
}

/// A run that nobody has claimed yet.
pub(crate) fn waiting(reason_created: &str) -> Value {
    json!({"runId": 1, "state": "pending", "reasonCreated": reason_created, "scheduled": "2019-06-26T19:51:00.000Z"})
}

pub(crate) fn route() -> String {
    format!("tc-treeherder.v2.mozilla-inbound.{REVISION}.1246")
}

pub(crate) fn event(name: &str, run_id: u32, runs: &Value) -> Delivery {
    routed(name, run_id, runs, &["index.x.y", &route()])
}

/// An event whose message has these routes.
pub(crate) fn routed(name: &str, run_id: u32, runs: &Value, routes: &[&str]) -> Delivery {
    let body = json!({"status": {"taskId": TASK, "runs": runs}, "runId": run_id, "version": 1});
    Delivery {
        exchange: format!("exchange/taskcluster-queue/v1/task-{name}"),
        routing_key: format!("primary.{TASK}.{run_id}._._.p.b2gtest.s.{TASK}._"),
        cc: routes.iter().map(|route| format!("route.{route}")).collect(),
        root_url: ROOT.to_owned(),
        body: body.to_string().into_bytes(),
    }
}

pub(crate) fn queue_of(definition: Value) -> MemoryTaskQueue {
    MemoryTaskQueue::new([(TASK.to_owned(), task(definition))])
}

pub(crate) fn task(definition: Value) -> TaskDefinition {
    serde_json::from_value(definition).unwrap()
}

/// A bridge and what it published.
pub(crate) struct Published {
    pub(crate) bridge: Bridge,
    pub(crate) publisher: Arc<MemoryPublisher>,
}

impl Published {
    pub(crate) fn with(queue: MemoryTaskQueue, options: BridgeOptions) -> Self {
        let publisher = Arc::new(MemoryPublisher::new(100));
        Self { bridge: Bridge::new(Arc::new(queue), publisher.clone(), options), publisher }
    }

    pub(crate) fn of(definition: Value) -> Self {
        Self::with(queue_of(definition), BridgeOptions::new(["tc-treeherder"]))
    }

    /// Handles a message, reports as [`Bridge::run`] would, and returns the outcome with what was published.
    pub(crate) async fn handle(&self, delivery: &Delivery) -> (Handled, Vec<Publication>) {
        let handled = self.bridge.handle(delivery).await;
        self.bridge.report(delivery, &handled);
        let published = self.publisher.take();
        assert_eq!(handled.published, published.len());
        (handled, published)
    }

    pub(crate) async fn jobs(&self, delivery: &Delivery) -> Vec<Value> {
        let (handled, published) = self.handle(delivery).await;
        assert!(handled.errors.is_empty(), "{:?}", handled.errors);
        published.iter().map(|publication| serde_json::from_slice(&publication.body).unwrap()).collect()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.bridge.counters().get(name)
    }
}

/// Returns the only job that is published about an event.
pub(crate) async fn job(definition: Value, delivery: &Delivery) -> Value {
    let mut jobs = Published::of(definition).jobs(delivery).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

/// Returns the text of the only error about an event.
pub(crate) async fn error(definition: Value, delivery: &Delivery) -> String {
    let (handled, published) = Published::of(definition).handle(delivery).await;
    assert!(published.is_empty());
    let [error] = handled.errors.as_slice() else { panic!("{handled:?}") };
    error.to_string()
}

pub(crate) fn with(mut value: Value, pointer: &str, part: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), part);
    value
}

pub(crate) fn without(mut value: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().shift_remove(key);
    value
}
