//! A definition, events about it, and shorthands.

use serde_json::{Value, json};
use treeherder_ingest::job::JobMessage;
use treeherder_ingest::task::{
    DropReason, Filter, MemoryTaskQueue, Outcome, TaskDefinition, TaskError, TaskEvent, handle,
};

pub(crate) const ROOT: &str = "https://tc.example.com/";
pub(crate) const TASK: &str = "A35mWTRuQmyj88yMnIF0fA";
pub(crate) const UUID: &str = "037e6659-346e-426c-a3f3-cc8c9c81747c";
pub(crate) const REVISION: &str = "219d38523a321229f7f48aca6592f76b993fb1aa";

pub(crate) fn definition() -> Value {
    json!({
        "routes": ["index.x.y", format!("tc-treeherder.v2.autoland.{REVISION}.96861")],
        "created": "2019-06-26T19:13:51.402Z",
        "workerType": "t-linux",
        "taskGroupId": "XrWNyFwpT2in-wLY9frb-w",
        "metadata": {"name": "test-x", "description": "Runs x", "owner": "me@example.com", "source": "https://x"},
        "payload": {"env": {"A": "b"}, "command": ["x"]},
        "extra": {"treeherder": {"symbol": "a11y", "groupSymbol": "M", "groupName": "Mochitests", "jobKind": "test",
            "tier": 1, "collection": {"debug": true}, "machine": {"platform": "linux64-qr"}}}
    })
}

pub(crate) fn run(state: &str) -> Value {
    json!({
        "runId": 0, "state": state, "reasonCreated": "scheduled", "scheduled": "2019-06-26T19:36:10.316Z",
        "started": "2019-06-26T19:40:00.000Z", "resolved": "2019-06-26T19:50:00.000Z", "workerId": "i-0123"
    })
}

pub(crate) fn event(name: &str, run_id: Option<u32>, runs: &Value) -> TaskEvent {
    let mut body = json!({"status": {"taskId": TASK, "workerType": "t-linux", "runs": runs}, "version": 1});
    if let Some(run_id) = run_id {
        body["runId"] = json!(run_id);
    }
    TaskEvent::parse(&exchange(name), body.to_string().as_bytes()).unwrap()
}

pub(crate) fn exchange(name: &str) -> String {
    format!("exchange/taskcluster-queue/v1/task-{name}")
}

pub(crate) fn queue_of(definition: Value) -> MemoryTaskQueue {
    MemoryTaskQueue::new([(TASK.to_owned(), task(definition))])
}

pub(crate) fn task(definition: Value) -> TaskDefinition {
    serde_json::from_value(definition).unwrap()
}

pub(crate) async fn outcome(definition: Value, event: &TaskEvent) -> Result<Outcome, TaskError> {
    handle(event, ROOT, &queue_of(definition), &Filter::default()).await
}

pub(crate) async fn message(definition: Value, event: &TaskEvent) -> JobMessage {
    outcome(definition, event).await.unwrap().into_job().expect("a job")
}

pub(crate) async fn dropped(definition: Value, event: &TaskEvent) -> DropReason {
    match outcome(definition, event).await.unwrap() {
        Outcome::Dropped(reason) => reason,
        Outcome::Job(message) => panic!("{message:?}"),
    }
}

pub(crate) fn with(mut value: Value, pointer: &str, part: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), part);
    value
}

pub(crate) fn without(mut value: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().shift_remove(key).unwrap();
    value
}
