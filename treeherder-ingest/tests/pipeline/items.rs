//! Single work items: what becomes of those that are wrong, and of those that are done by hand.

use serde_json::json;
use treeherder_ingest::pipeline::{Handled, PipelineError, WorkItem};
use treeherder_ingest::queue::{Message, Queue as _, QueueName};

use crate::harness::{Harness, REVISION, options};
use crate::server::{Answer, Server, response};
use crate::support::database::Backend;
use crate::whole::{stand_in, upstream};

const TASK: &str = "A35mWTRuQmyj88yMnIF0fA";

/// A server with one task, whose definition has these parts.
async fn server_of(definition: serde_json::Value) -> Server {
    Server::start(move |path| {
        let body = match path {
            path if path.ends_with("/artifacts") => json!({"artifacts": []}),
            path if path.ends_with(TASK) => definition.clone(),
            _ => return Answer::Close(response(404, "", b"")),
        };
        Answer::Close(response(200, "", body.to_string().as_bytes()))
    })
    .await
}

fn definition(worker_type: &str) -> serde_json::Value {
    json!({
        "routes": [format!("tc-treeherder.v2.autoland.{REVISION}.96861")],
        "created": "2019-06-26T19:13:51.402Z",
        "workerType": worker_type,
        "metadata": {"name": "test-x", "description": "Runs x", "owner": "me@example.com"},
        "payload": {},
        "extra": {"treeherder": {"symbol": "a11y", "jobKind": "test", "tier": 1}}
    })
}

fn event(server: &Server) -> WorkItem {
    WorkItem::StorePulseTasks {
        body: json!({"status": {"taskId": TASK, "runs": [{"state": "pending"}]}, "runId": 0}),
        exchange: "exchange/taskcluster-queue/v1/task-pending".to_owned(),
        routing_key: String::new(),
        root_url: server.url(""),
    }
}

#[tokio::test]
async fn messages_that_are_no_work_items_are_kept_with_the_reason() {
    let harness = Harness::sqlite(options()).await;
    let cases = [
        (QueueName::StorePulseTasks, "{", "payload is not a work item"),
        (QueueName::StorePulseTasks, r#"{"task": "dance"}"#, "unknown task \"dance\""),
        (
            QueueName::LogParser,
            r#"{"task": "log-parser", "args": {"job_id": "x"}}"#,
            "arguments of task log-parser",
        ),
        (
            QueueName::Default,
            r#"{"task": "publish-stats"}"#,
            "task publish-stats does not belong on queue default",
        ),
        (
            QueueName::StorePulseTasks,
            r#"{"task": "store-pulse-tasks", "args": {"body": {}, "exchange": "x/task-pending", "routing_key": ""}}"#,
            "missing field `status`",
        ),
        (
            QueueName::StorePulsePushes,
            r#"{"task": "store-pulse-pushes", "args": {"body": {}, "exchange": "x", "routing_key": ""}}"#,
            "unsupported push exchange \"x\"",
        ),
        (
            QueueName::GeneratePerfAlerts,
            r#"{"task": "generate-alerts", "args": {"signature_id": 1}}"#,
            "task generate-alerts is not handled by this version",
        ),
    ];
    let messages: Vec<Message> =
        cases.iter().map(|(queue, payload, _)| Message::new(*queue, *payload)).collect();
    harness.queue.publish(&messages).await.unwrap();
    harness.work().await;
    let dead = harness.dead_letters().await;
    assert_eq!(dead.len(), cases.len());
    for (queue, payload, reason) in cases {
        let letter = dead.iter().find(|letter| letter.payload == payload).unwrap();
        assert_eq!(letter.queue, queue);
        assert!(letter.error.contains(reason), "{}", letter.error);
        assert_eq!(letter.attempts, 1);
    }
}

#[tokio::test]
async fn a_job_that_violates_the_schema_is_counted_and_dropped() {
    let harness = Harness::sqlite(options()).await;
    let server = server_of(definition(&"w".repeat(101))).await;
    harness.queue.publish(&[event(&server).to_message().unwrap()]).await.unwrap();
    harness.work().await;
    assert_eq!(harness.pipeline.statistics().drops, [("invalid-job", 1)].into_iter().collect());
    assert!(harness.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_job_waits_for_its_push_and_is_kept_when_that_never_comes() {
    let server = server_of(definition("t-linux")).await;
    let harness = Harness::sqlite(options()).await;
    harness.queue.publish(&[event(&server).to_message().unwrap()]).await.unwrap();
    harness.work().await;
    let dead = harness.dead_letters().await;
    assert_eq!(dead.len(), 1);
    assert!(dead[0].error.contains(&format!("no push {REVISION} in autoland")), "{}", dead[0].error);

    // The push comes after all, and the dead letter is put back.
    harness.job_with_log("builds-4h", "http://127.0.0.1/none").await;
    harness.queue.put_back_all(QueueName::StorePulseTasks).await.unwrap();
    harness.work().await;
    assert!(harness.dead_letters().await.is_empty());
    assert_eq!(harness.contents().await["job"].len(), 1, "it is the job that was there, completed already");
    assert_eq!(harness.pipeline.statistics().jobs_ignored, 1);
}

#[tokio::test]
async fn projects_that_are_not_wanted_are_dropped() {
    let server = server_of(definition("t-linux")).await;
    let mut options = options();
    options.projects_to_ingest = "try".to_owned();
    let harness = Harness::sqlite(options).await;
    let handled = harness.pipeline.handle(&event(&server)).await.unwrap();
    assert_eq!(format!("{handled:?}"), r#"Dropped { reason: "filtered" }"#);
}

#[tokio::test]
async fn a_missing_definition_is_tried_again() {
    let server = Server::always(Answer::Close(response(404, "", b""))).await;
    let harness = Harness::sqlite(options()).await;
    let error = harness.pipeline.handle(&event(&server)).await.unwrap_err();
    assert!(matches!(error, PipelineError::Task(_)), "{error}");
    harness.queue.publish(&[event(&server).to_message().unwrap()]).await.unwrap();
    harness.work().await;
    assert!(harness.dead_letters().await[0].error.contains("gave up after 5 attempts"));
}

#[tokio::test]
async fn one_impossible_message_of_a_batch_does_not_harm_the_others() {
    let server = server_of(definition("t-linux")).await;
    let harness = Harness::sqlite(options()).await;
    harness.job_with_log("builds-4h", "http://127.0.0.1/none").await;
    let good = event(&server).to_message().unwrap();
    let bad = Message::new(QueueName::StorePulseTasks, "nonsense");
    harness.queue.publish(&[good.clone(), bad, good]).await.unwrap();
    harness.work().await;
    assert_eq!(harness.dead_letters().await.len(), 1);
    assert_eq!(harness.pipeline.statistics().jobs_ignored, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_repair_what_messages_missed() {
    let stand_in = stand_in().await;
    let harness = Harness::new(Backend::Sqlite, options(), Some(upstream(&stand_in))).await.unwrap();
    harness.queue.publish(&[WorkItem::FetchPushLogs.to_message().unwrap()]).await.unwrap();
    harness.work().await;
    let pushes = &harness.contents().await["push"];
    assert!(pushes.iter().any(|push| push.starts_with("autoland ")), "{pushes:?}");
    // Repositories that the stand-in does not know fail, are counted and leave no dead letter: the next poll comes.
    assert!(harness.pipeline.statistics().polls_failed > 0);
    assert!(harness.dead_letters().await.is_empty());
}

#[tokio::test]
async fn statistics_and_classifications_are_handled_by_hand() {
    let harness = Harness::sqlite(options()).await;
    let Handled::Counted(counts) = harness.pipeline.handle(&WorkItem::PublishStats).await.unwrap() else {
        panic!()
    };
    assert_eq!((counts.pushes, counts.jobs()), (0, 0));
    let item = WorkItem::StorePulsePushesClassification {
        body: json!({}),
        exchange: String::new(),
        routing_key: String::new(),
        root_url: String::new(),
    };
    assert_eq!(harness.pipeline.handle(&item).await.unwrap(), Handled::Classification);
    assert_eq!(harness.pipeline.statistics().classifications, 1);
}
