//! What the job message of an event looks like.

use serde_json::Value;
use serde_json::json;
use treeherder_ingest::job::{self, JobState, MessageResult};
use treeherder_ingest::task::{DropReason, TaskError, TaskEvent};

use super::support::{
    REVISION, TASK, UUID, definition, dropped, event, exchange, message, outcome, run, with, without,
};

#[tokio::test]
async fn a_pending_task_gives_a_pending_job() {
    let pending = json!([{"runId": 0, "state": "pending", "reasonCreated": "scheduled"}]);
    let message = message(definition(), &event("pending", Some(0), &pending)).await;
    assert_eq!(
        serde_json::to_value(&message).unwrap(),
        json!({
            "taskId": format!("{UUID}/0"),
            "origin": {"project": "autoland", "revision": REVISION, "id": 96861},
            "buildSystem": "taskcluster",
            "display": {"jobSymbol": "a11y", "groupSymbol": "M", "jobName": "test-x", "groupName": "Mochitests"},
            "state": "pending",
            "jobKind": "test",
            "version": 1,
            "retryId": 0,
            "isRetried": false,
            "result": "unknown",
            "tier": 1,
            "timeScheduled": "2019-06-26T19:13:51.402Z",
            "labels": ["debug"],
            "owner": "me@example.com",
            "reason": "scheduled",
            "buildMachine": {"name": "unknown", "platform": "linux64-qr", "os": "-", "architecture": "-"},
            "jobInfo": {"summary": "Runs x", "links": []}
        })
    );
}

#[tokio::test]
async fn the_job_is_that_of_the_worked_example() {
    let definition =
        with(definition(), "/routes", json!([format!("tc-treeherder.v2.autoland.{REVISION}.96861")]));
    let pending = json!([{"runId": 0, "state": "pending", "reasonCreated": "scheduled"}]);
    let loaded = job::load(message(definition, &event("pending", Some(0), &pending)).await).unwrap();
    assert_eq!(loaded.repository, "autoland");
    assert_eq!(loaded.job.job_guid, format!("{UUID}/0"));
    assert_eq!(loaded.job.taskcluster_task_id.as_deref(), Some(TASK));
    assert_eq!(loaded.job.taskcluster_retry_id, Some(0));
    assert_eq!(loaded.job.submit_timestamp, Some(1_561_576_431));
    assert_eq!((loaded.job.start_timestamp, loaded.job.end_timestamp), (None, None));
    assert_eq!(loaded.job.machine_platform, loaded.job.build_platform);
}

#[tokio::test]
async fn an_empty_block_gets_the_defaults() {
    let definition = with(definition(), "/extra/treeherder", json!({"symbol": ""}));
    let message = message(definition, &event("running", None, &json!([run("running")]))).await;
    assert_eq!(message.display.job_symbol, "");
    assert_eq!(message.display.group_symbol, "?");
    assert_eq!(message.display.group_name, None);
    assert_eq!(message.labels, ["opt"]);
    assert_eq!(message.tier, Some(1));
    assert_eq!(message.reason.as_deref(), Some("scheduled"));
    assert_eq!(message.product_name, None);
    let machine = message.build_machine.unwrap();
    assert_eq!(machine.platform, "t-linux");
    assert_eq!(machine.name.as_deref(), Some("i-0123"));
}

#[tokio::test]
async fn labels_come_before_the_collection() {
    let block = |labels: Value, collection: Value| {
        with(
            definition(),
            "/extra/treeherder",
            json!({"symbol": "x", "labels": labels, "collection": collection}),
        )
    };
    let table = [
        (json!(["a", "b", "a"]), json!({"c": true}), vec!["a", "b", "a"]),
        (json!([]), json!({"z": false, "c": null}), vec!["z", "c"]),
        (json!([]), json!({}), vec!["opt"]),
        (json!([]), json!(null), vec!["opt"]),
    ];
    for (labels, collection, expected) in table {
        let event = event("running", Some(0), &json!([run("running")]));
        assert_eq!(
            message(block(labels.clone(), collection.clone()), &event).await.labels,
            expected,
            "{labels} {collection}"
        );
    }
}

#[tokio::test]
async fn each_kind_adds_its_times_and_logs() {
    let started = Some("2019-06-26T19:40:00.000Z");
    let resolved = Some("2019-06-26T19:50:00.000Z");
    let log = "https://tc.example.com/api/queue/v1/task/A35mWTRuQmyj88yMnIF0fA/runs/0/artifacts/public/logs/live_backing.log";
    let table = [
        ("pending", "pending", JobState::Pending, MessageResult::Unknown, None, None, None),
        ("running", "running", JobState::Running, MessageResult::Unknown, started, None, None),
        (
            "completed",
            "completed",
            JobState::Completed,
            MessageResult::Success,
            started,
            resolved,
            Some(vec![log]),
        ),
        ("failed", "failed", JobState::Completed, MessageResult::Fail, started, resolved, Some(vec![log])),
        (
            "exception",
            "exception",
            JobState::Completed,
            MessageResult::Exception,
            started,
            resolved,
            Some(vec![]),
        ),
        // The run inside the message decides, not the exchange.
        ("pending", "failed", JobState::Completed, MessageResult::Fail, None, None, None),
    ];
    for (name, state, job_state, result, time_started, time_completed, logs) in table {
        let message = message(definition(), &event(name, Some(0), &json!([run(state)]))).await;
        assert_eq!((message.state, message.result), (job_state, Some(result)), "{name}");
        assert_eq!(message.time_started.as_deref(), time_started, "{name}");
        assert_eq!(message.time_completed.as_deref(), time_completed, "{name}");
        let urls = message.logs.map(|logs| logs.into_iter().map(|log| log.url).collect::<Vec<_>>());
        assert_eq!(urls, logs.map(|logs| logs.into_iter().map(str::to_owned).collect()), "{name}");
    }
}

#[tokio::test]
async fn a_defined_task_is_unscheduled_whatever_its_runs() {
    for runs in [json!([]), json!([run("exception")])] {
        for run_id in [None, Some(3)] {
            let message = message(definition(), &event("defined", run_id, &runs)).await;
            assert_eq!(
                (message.state, message.result),
                (JobState::Unscheduled, Some(MessageResult::Unknown))
            );
            assert_eq!(message.task_id, format!("{UUID}/0"));
            assert_eq!(message.retry_id, Some(0));
            assert_eq!(message.build_machine.unwrap().name.as_deref(), Some("unknown"));
            assert_eq!((message.time_started, message.logs), (None, None));
        }
    }
}

#[tokio::test]
async fn reasons_of_exceptions_become_results() {
    for (reason, result) in [
        (json!("canceled"), MessageResult::Canceled),
        (json!("superseded"), MessageResult::Superseded),
        (json!("worker-shutdown"), MessageResult::Exception),
        (json!(null), MessageResult::Exception),
    ] {
        let runs = json!([with(run("exception"), "/reasonResolved", reason)]);
        let message = message(definition(), &event("exception", Some(0), &runs)).await;
        assert_eq!(message.result, Some(result));
        assert!(!message.is_retried);
    }
}

#[tokio::test]
async fn an_exception_is_a_retry_when_taskcluster_starts_the_next_run() {
    for (next, retried) in [("retry", true), ("task-retry", true), ("rerun", false), ("scheduled", false)] {
        let runs = json!([run("exception"), {"runId": 1, "state": "pending", "reasonCreated": next}]);
        let message = message(definition(), &event("exception", Some(0), &runs)).await;
        assert_eq!(message.is_retried, retried, "{next}");
        let loaded = job::load(message).unwrap();
        assert_eq!(loaded.job.result, if retried { "retry" } else { "exception" }, "{next}");
        assert!(loaded.job.log_references.is_empty());
    }
}

#[tokio::test]
async fn a_run_that_never_started_has_no_start() {
    for started in [json!(null), json!("")] {
        let runs = json!([with(run("exception"), "/started", started)]);
        assert_eq!(message(definition(), &event("exception", Some(0), &runs)).await.time_started, None);
    }
}

#[tokio::test]
async fn a_run_that_was_made_up_gives_nothing() {
    let runs = json!([with(run("exception"), "/reasonCreated", json!("exception"))]);
    assert_eq!(dropped(definition(), &event("exception", Some(0), &runs)).await, DropReason::InventedRun);
}

#[tokio::test]
async fn reruns_are_jobs_of_their_own() {
    let runs = json!([run("failed"), run("running")]);
    let message = message(definition(), &event("running", Some(1), &runs)).await;
    assert_eq!(message.task_id, format!("{UUID}/1"));
    assert_eq!((message.retry_id, message.state), (Some(1), JobState::Running));
}

#[tokio::test]
async fn long_names_are_cut_to_139_characters() {
    let definition = with(definition(), "/metadata/name", json!("ü".repeat(200)));
    let message = message(definition, &event("running", Some(0), &json!([run("running")]))).await;
    assert_eq!(message.display.job_name.chars().count(), 139);
    assert!(job::load(message).is_ok());
}

#[tokio::test]
async fn parts_that_a_job_needs_are_missed_by_name() {
    let running = event("running", Some(0), &json!([run("running")]));
    for pointer in ["/metadata/name", "/metadata/owner", "/metadata/description", "/created"] {
        let error = outcome(without(definition(), pointer), &running).await.unwrap_err();
        assert!(error.to_string().contains(&format!("the definition has no {pointer}")), "{error}");
        assert!(!error.is_retryable());
    }
    let block = with(definition(), "/extra/treeherder", json!({"symbol": "x"}));
    let error = outcome(without(block, "/workerType"), &running).await.unwrap_err();
    assert!(error.to_string().contains("/workerType"), "{error}");
    for (name, key) in [("running", "started"), ("completed", "resolved"), ("exception", "resolved")] {
        let runs = json!([without(run(name), &format!("/{key}"))]);
        let error = outcome(definition(), &event(name, Some(0), &runs)).await.unwrap_err();
        assert!(error.to_string().contains(&format!("the message has no /status/runs/0/{key}")), "{error}");
        assert!(!error.is_retryable());
    }
    let error =
        outcome(definition(), &event("running", Some(1), &json!([run("running")]))).await.unwrap_err();
    assert_eq!(error, TaskError::NoSuchRun { task_id: TASK.to_owned(), run_id: 1, runs: 1 });
    let error = outcome(definition(), &event("running", Some(0), &json!([run("asleep")]))).await.unwrap_err();
    assert!(matches!(error, TaskError::RunState { ref state, .. } if state == "asleep"), "{error}");
}

#[test]
fn what_is_no_task_event_is_refused() {
    let error = TaskEvent::parse("exchange/taskcluster-queue/v1/artifact-created", b"{}").unwrap_err();
    assert!(error.to_string().contains("artifact-created"), "{error}");
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"status":{}}"#,
        r#"{"status":{"taskId":1}}"#,
        r#"{"status":{"taskId":"x","runs":[{}]}}"#,
    ] {
        let error = TaskEvent::parse(&exchange("pending"), body.as_bytes()).unwrap_err();
        assert!(
            matches!(error, TaskError::MalformedEvent { .. }) && !error.is_retryable(),
            "{body}: {error}"
        );
    }
}
