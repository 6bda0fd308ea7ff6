//! Events that give no message: which are errors, which are quiet, and how each is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};
use treeherder_ingest::bridge::{Bridge, BridgeOptions, MemoryPublisher, RouteForms, Skipped};
use treeherder_ingest::pulse::Delivery;
use treeherder_ingest::task::{Artifact, TaskDefinition, TaskQueue, TaskQueueError, TaskQueueErrorKind};

use super::support::{
    Published, REVISION, TASK, definition, error, event, queue_of, route, routed, run, task, with, without,
};

#[tokio::test]
async fn exactly_one_route_must_be_for_the_bridge() {
    let runs = json!([run("running")]);
    let other = format!("tc-treeherder-staging.v2.try.{REVISION}.1");
    for routes in [
        vec![],
        vec!["index.x.y"],
        vec![other.as_str()],
        vec![&route()[..], "tc-treeherder.v2.try.abc"],
        vec!["index.tc-treeherder.v2.try.abc"],
    ] {
        let text = error(definition(), &routed("running", 0, &runs, &routes)).await;
        assert!(text.starts_with("Could not determine treeherder route"), "{text}");
        assert!(text.contains(TASK), "{text}");
        assert!(routes.iter().all(|route| text.contains(route)), "{text}");
    }
    // What is no route is no candidate, even when it looks like one.
    let mut bare = routed("running", 0, &runs, &[]);
    bare.cc = vec![route()];
    assert!(error(definition(), &bare).await.contains("0 of its routes"));
}

#[tokio::test]
async fn a_route_of_unknown_form_is_an_error() {
    let runs = json!([run("running")]);
    for route in [
        "tc-treeherder",
        "tc-treeherder.try",
        "tc-treeherder.v2",
        "tc-treeherder.v2.try",
        "tc-treeherder.v9.try.abc.1",
    ] {
        let text = error(definition(), &routed("running", 0, &runs, &[route])).await;
        assert!(text.contains("Unrecognized treeherder routing key format"), "{text}");
        assert!(text.contains(TASK) && text.contains(route), "{text}");
    }
    let mut options = BridgeOptions::new(["tc-treeherder"]);
    options.route_forms = RouteForms::VersionTwo;
    let strict = Published::with(queue_of(definition()), options);
    let seed = format!("tc-treeherder.mozilla-inbound.{REVISION}.1246");
    let (handled, _) = strict.handle(&routed("running", 0, &runs, &[&seed])).await;
    assert!(handled.errors[0].to_string().contains("<destination>.v2."), "{:?}", handled.errors);
    assert_eq!(strict.handle(&event("running", 0, &runs)).await.1.len(), 1);
}

#[tokio::test]
async fn exchanges_the_bridge_does_not_listen_to_are_errors() {
    for exchange in [
        "exchange/taskcluster-queue/v1/task-defined",
        "exchange/taskcluster-queue/v1/artifact-created",
        "exchange/taskcluster-queue/v1/task-group-resolved",
        "exchange/other/v1/task-running",
        "",
    ] {
        let mut delivery = event("running", 0, &json!([run("running")]));
        delivery.exchange = exchange.to_owned();
        assert_eq!(error(definition(), &delivery).await, format!("unknown exchange {exchange:?}"));
    }
}

#[tokio::test]
async fn what_is_no_event_is_an_error() {
    for body in ["", "{", "[]", "{}", r#"{"status":{"taskId":1}}"#] {
        let mut delivery = event("running", 0, &json!([run("running")]));
        delivery.body = body.as_bytes().to_vec();
        let text = error(definition(), &delivery).await;
        assert!(text.contains("task-running"), "{text}");
    }
    let text = error(definition(), &event("running", 1, &json!([run("running")]))).await;
    assert!(text.contains("run 1 is not among the 1 runs"), "{text}");
    let text =
        error(without(definition(), "/metadata/owner"), &event("running", 0, &json!([run("running")]))).await;
    assert!(text.contains("the definition has no /metadata/owner"), "{text}");
}

/// Counts how often definitions are asked for; fails in a given way for unknown tasks.
struct Counting {
    definition: Option<TaskDefinition>,
    kind: TaskQueueErrorKind,
    asked: AtomicUsize,
}

#[async_trait]
impl TaskQueue for Counting {
    async fn task(&self, _root: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let error = TaskQueueError { kind: self.kind, reason: format!("GET {task_id}: no") };
        self.definition.clone().map(Arc::new).ok_or(error)
    }

    async fn artifacts(&self, _: &str, _: &str, _: u32) -> Result<Vec<Artifact>, TaskQueueError> {
        Ok(Vec::new())
    }
}

async fn counted(
    definition: Option<Value>,
    kind: TaskQueueErrorKind,
    delivery: &Delivery,
) -> (Bridge, usize, usize, bool) {
    let queue = Arc::new(Counting { definition: definition.map(task), kind, asked: AtomicUsize::new(0) });
    let publisher = Arc::new(MemoryPublisher::new(10));
    let bridge = Bridge::new(queue.clone(), publisher, BridgeOptions::new(["foo"]));
    let handled = bridge.handle(delivery).await;
    bridge.report(delivery, &handled);
    let asked = queue.asked.load(Ordering::Relaxed);
    (bridge, asked, handled.errors.len(), handled.is_transient_failure())
}

#[tokio::test]
async fn the_definition_is_asked_for_before_anything_is_checked() {
    use TaskQueueErrorKind::NotFound;
    let runs = json!([run("running")]);
    let good = routed("running", 0, &runs, &["foo.v2.bar.123"]);
    let none = without(definition(), "/extra/treeherder");
    let (bridge, asked, errors, _) = counted(Some(none), NotFound, &good).await;
    assert_eq!((asked, errors), (1, 0));
    assert_eq!(bridge.counters().get("validateTask.no-config"), 1);
    assert_eq!(bridge.counters().get("handle-message.success"), 1);
    assert_eq!(bridge.counters().get("bar.handle-message"), 1);
    assert!(bridge.problems().latest().is_empty());

    let invalid = with(definition(), "/extra/treeherder", json!({"groupSymbol": "x"}));
    let (bridge, asked, errors, _) = counted(Some(invalid), NotFound, &good).await;
    assert_eq!((asked, errors), (1, 0));
    assert_eq!(bridge.counters().get("validateTask.invalid-config"), 1);
    assert_eq!(bridge.counters().get("handle-message.success"), 1);
    let [problem] = &bridge.problems().latest()[..] else { panic!("one problem") };
    assert_eq!((problem.kind, problem.project.as_deref()), ("invalid-config", Some("bar")));
    assert_eq!(problem.task_id.as_deref(), Some(TASK));
    assert_eq!(problem.violations[0].pointer, "/extra/treeherder/symbol");

    let (bridge, asked, errors, _) =
        counted(Some(definition()), NotFound, &routed("running", 0, &runs, &["bar.v2.bar.123"])).await;
    assert_eq!((asked, errors), (1, 1));
    assert_eq!(bridge.counters().get("handle-message.failure"), 1);
    assert_eq!(bridge.problems().latest()[0].kind, "no-route");
}

#[tokio::test]
async fn only_a_queue_that_is_out_of_order_is_asked_again() {
    use TaskQueueErrorKind::{NotFound, Permanent, Refused, Transient};
    let delivery = routed("running", 0, &json!([run("running")]), &["foo.v2.bar.123"]);
    for (kind, transient) in [(Transient, true), (NotFound, false), (Refused, false), (Permanent, false)] {
        let (bridge, _, errors, is_transient) = counted(None, kind, &delivery).await;
        assert_eq!((errors, is_transient), (1, transient), "{kind:?}");
        let problem = &bridge.problems().latest()[0];
        assert_eq!(problem.kind, "queue");
        assert!(problem.message.contains(TASK), "{}", problem.message);
    }
}

#[tokio::test]
async fn a_task_without_a_configuration_is_quiet() {
    for block in [json!(null), json!(false), json!("")] {
        let bridge = Published::of(with(definition(), "/extra/treeherder", block));
        let (handled, published) = bridge.handle(&event("running", 0, &json!([run("running")]))).await;
        assert_eq!(handled.skipped, [Skipped::NoConfig]);
        assert!(handled.errors.is_empty() && published.is_empty());
    }
    let bridge = Published::of(without(definition(), "/extra"));
    assert!(bridge.jobs(&event("running", 0, &json!([run("running")]))).await.is_empty());
    assert_eq!(bridge.count("validateTask.no-config"), 1);
}
