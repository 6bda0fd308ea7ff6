//! Jobs of messages that a bridge published: the ingester at the other end.

use serde_json::json;
use treeherder_ingest::bridge::{is_job_exchange, job_of_delivery, job_of_message, jobs_binding};
use treeherder_ingest::job;
use treeherder_ingest::pulse::Delivery;
use treeherder_ingest::task::{Filter, TaskEvent, handle};

use super::support::{
    Published, REVISION, ROOT, TASK, definition, event, queue_of, routed, run, waiting, with,
};

const EXCHANGE: &str = "exchange/taskcluster-treeherder/v1/jobs";

#[tokio::test]
async fn the_job_is_the_one_the_ingester_makes_of_the_task_event_itself() {
    let definition = with(definition(), "/routes", json!([super::support::route()]));
    for state in ["pending", "running", "completed", "failed", "exception"] {
        let delivery = event(state, 0, &json!([run(state)]));
        let (_, published) = Published::of(definition.clone()).handle(&delivery).await;
        let received = Delivery {
            exchange: EXCHANGE.to_owned(),
            routing_key: published[0].key.primary.clone(),
            cc: vec![published[0].key.cc.clone()],
            root_url: ROOT.to_owned(),
            body: published[0].body.clone(),
        };
        let loaded = job_of_delivery(&received).unwrap();
        let task_event = TaskEvent::parse(&delivery.exchange, &delivery.body).unwrap();
        let queue = queue_of(definition.clone());
        let message =
            handle(&task_event, ROOT, &queue, &Filter::default()).await.unwrap().into_job().unwrap();
        let direct = job::load(message).unwrap();
        assert_eq!(loaded, direct, "{state}");
    }
}

#[tokio::test]
async fn a_replaced_run_is_stored_as_a_retry() {
    let delivery = event("pending", 1, &json!([run("exception"), waiting("retry")]));
    let jobs = Published::of(definition()).jobs(&delivery).await;
    let results: Vec<(String, String)> = jobs
        .into_iter()
        .map(|job| job_of_message(job).unwrap().job)
        .map(|job| (job.state, job.result))
        .collect();
    assert_eq!(results, [("completed".into(), "retry".into()), ("pending".into(), "unknown".into())]);
}

#[tokio::test]
async fn origins_of_all_forms_are_read() {
    for (origin, project) in [
        (json!({"kind": "hg.mozilla.org", "project": "try", "revision": REVISION, "pushLogID": 3}), "try"),
        (json!({"kind": "hg.mozilla.org", "project": "try", "revision_hash": REVISION}), "try"),
        (
            json!({"kind": "github.com", "owner": "_", "project": "fenix", "revision": REVISION, "pullRequestID": 3}),
            "fenix",
        ),
        (json!({"kind": "github.com", "project": "fenix", "revision": REVISION}), "fenix"),
    ] {
        let delivery =
            routed("running", 0, &json!([run("running")]), &[&format!("tc-treeherder.v2.x.{REVISION}")]);
        let mut job = Published::of(definition()).jobs(&delivery).await.remove(0);
        job["origin"] = origin;
        job["extra"] = json!({"anything": [1]});
        job["logs"] =
            json!([{"name": "builds-4h", "url": "https://x/log", "errorsTruncated": false, "steps": []}]);
        let loaded = job_of_message(job).unwrap();
        assert_eq!((loaded.repository.as_str(), loaded.revision.as_str()), (project, REVISION));
        let [log] = loaded.job.log_references.as_slice() else { panic!("{:?}", loaded.job) };
        assert_eq!((log.name.as_str(), log.url.as_str()), ("live_backing_log", "https://x/log"));
        assert_eq!(loaded.job.taskcluster_task_id.as_deref(), Some(TASK));
    }
}

#[test]
fn what_is_no_job_message_is_refused_with_the_place() {
    for (body, expected) in [
        ("{", "is not JSON"),
        ("[]", "/ is an array, not an object"),
        ("{}", "/taskId is missing"),
        (r#"{"taskId": "x/0", "origin": 1}"#, "/origin is a number"),
    ] {
        let delivery = Delivery {
            exchange: EXCHANGE.to_owned(),
            routing_key: "a.b._".to_owned(),
            cc: Vec::new(),
            root_url: ROOT.to_owned(),
            body: body.as_bytes().to_vec(),
        };
        let error = job_of_delivery(&delivery).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn bindings_of_the_founding_document_receive_every_message() {
    let keys = || ["tc-treeherder.mozilla-inbound._", "tc-treeherder.mozilla-inbound"].into_iter();
    for pattern in [
        "#",
        "tc-treeherder.#",
        "*.mozilla-inbound",
        "*.mozilla-inbound.#",
        "tc-treeherder.mozilla-inbound._",
    ] {
        let binding = treeherder_ingest::pulse::Binding {
            exchange: EXCHANGE.to_owned(),
            routing_keys: vec![pattern.to_owned()],
        };
        assert!(binding.matches(EXCHANGE, keys()), "{pattern}");
    }
    let own = jobs_binding("taskcluster-treeherder", Some("tc-treeherder"));
    assert!(own.matches(EXCHANGE, keys()));
    assert!(!jobs_binding("taskcluster-treeherder", Some("treeherder")).matches(EXCHANGE, keys()));
    assert!(jobs_binding("me", None).matches("exchange/me/v1/jobs", keys()));
    assert!(is_job_exchange(EXCHANGE) && !is_job_exchange("exchange/taskcluster-queue/v1/task-running"));
}
