//! Artifacts become links; what happens when they or the definition cannot be had.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use treeherder_ingest::job;
use treeherder_ingest::task::{
    Artifact, Filter, TaskDefinition, TaskEvent, TaskQueue, TaskQueueError, TaskQueueErrorKind, handle,
};

use super::support::{ROOT, TASK, definition, event, exchange, queue_of, run, task};

#[tokio::test]
async fn artifacts_become_links_and_logs() {
    let mut queue = queue_of(definition());
    let names = [
        "public/logs/live.log",
        "public/test_info/x_errorsummary.log",
        "public/test_info/",
        "public/other/x_errorsummary.log",
        "public/a/b/x_errorsummary.log",
        "public/perfherder-data-cpu.json",
        "top.log",
    ];
    queue.add_artifacts(TASK, 0, names.map(str::to_owned));
    queue.add_artifacts(TASK, 1, ["public/of/another/run.log".to_owned()]);
    for (name, state) in [("completed", "completed"), ("failed", "failed"), ("exception", "exception")] {
        let event = event(name, Some(0), &json!([run(state)]));
        let message = handle(&event, ROOT, &queue, &Filter::default()).await.unwrap().into_job().unwrap();
        let links = &message.job_info.as_ref().unwrap().links;
        let texts: Vec<&str> = links.iter().map(|link| link.link_text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "live.log",
                "x_errorsummary.log",
                "x_errorsummary.log (1)",
                "x_errorsummary.log (2)",
                "perfherder-data-cpu.json",
                "top.log"
            ]
        );
        assert!(links.iter().all(|link| link.label == "artifact uploaded"));
        let base = format!("https://tc.example.com/api/queue/v1/task/{TASK}/runs/0/artifacts");
        assert_eq!(links[2].url, format!("{base}/public/other/x_errorsummary.log"));
        let job = job::load(message).unwrap().job;
        let logs: Vec<&str> = job.log_references.iter().map(|log| log.name.as_str()).collect();
        let expected: &[&str] = if name == "exception" {
            &["errorsummary_json"]
        } else {
            &["live_backing_log", "errorsummary_json"]
        };
        assert_eq!(logs, expected, "{name}");
        assert_eq!(job.perfherder_data_references[0].url, format!("{base}/public/perfherder-data-cpu.json"));
    }
    let event = event("running", Some(0), &json!([run("running")]));
    let running = handle(&event, ROOT, &queue, &Filter::default()).await.unwrap().into_job().unwrap();
    assert!(running.job_info.unwrap().links.is_empty());
}

/// Knows the definition, and answers the listing of artifacts with an error.
struct Failing(TaskQueueErrorKind, TaskQueueErrorKind);

#[async_trait]
impl TaskQueue for Failing {
    async fn task(&self, _root: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        if task_id == TASK {
            Ok(Arc::new(task(definition())))
        } else {
            Err(TaskQueueError { kind: self.0, reason: "definition".to_owned() })
        }
    }

    async fn artifacts(&self, _: &str, _: &str, _: u32) -> Result<Vec<Artifact>, TaskQueueError> {
        Err(TaskQueueError { kind: self.1, reason: "GET …/artifacts: status 500".to_owned() })
    }
}

#[tokio::test]
async fn a_listing_that_fails_for_the_moment_is_retried_and_otherwise_empty() {
    use TaskQueueErrorKind::{NotFound, Permanent, Refused, Transient};
    let completed = event("completed", Some(0), &json!([run("completed")]));
    let error =
        handle(&completed, ROOT, &Failing(NotFound, Transient), &Filter::default()).await.unwrap_err();
    assert!(error.is_retryable());
    assert!(error.to_string().contains(TASK) && error.to_string().contains("status 500"), "{error}");
    for kind in [NotFound, Refused, Permanent] {
        let outcome = handle(&completed, ROOT, &Failing(NotFound, kind), &Filter::default()).await.unwrap();
        let message = outcome.into_job().unwrap();
        assert!(message.job_info.unwrap().links.is_empty());
        assert_eq!(message.logs.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_definition_that_cannot_be_had_is_retried_unless_it_cannot_be_read() {
    use TaskQueueErrorKind::{NotFound, Permanent, Refused, Transient};
    let body = json!({"status": {"taskId": "5UMTRzgESFG3Bn8kCBwxxQ", "runs": [run("running")]}, "runId": 0});
    let event = TaskEvent::from_value(&exchange("running"), &body).unwrap();
    for (kind, retryable) in [(NotFound, true), (Refused, true), (Transient, true), (Permanent, false)] {
        let error = handle(&event, ROOT, &Failing(kind, kind), &Filter::default()).await.unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{kind:?}");
    }
}
