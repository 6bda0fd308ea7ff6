//! The task queue over HTTP, against a server on 127.0.0.1.

use std::time::Duration;

use serde_json::{Value, json};
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::task::{
    Filter, HttpTaskQueue, RetryDelays, TaskQueue, TaskQueueError, TaskQueueErrorKind, handle,
};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockBuilder, MockServer, ResponseTemplate};

use super::support::{TASK, definition, event, run};

const QUICK: RetryDelays = RetryDelays { retries: 5, first: Duration::from_millis(1) };

fn queue() -> HttpTaskQueue {
    HttpTaskQueue::with_delays(Client::new(ClientOptions::for_local_servers()).unwrap(), QUICK)
}

fn get_task() -> MockBuilder {
    Mock::given(method("GET")).and(path(format!("/api/queue/v1/task/{TASK}")))
}

fn get_artifacts() -> MockBuilder {
    Mock::given(method("GET")).and(path(format!("/api/queue/v1/task/{TASK}/runs/0/artifacts")))
}

fn page(names: &[&str], token: Option<&str>) -> ResponseTemplate {
    let artifacts: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "storageType": "s3", "contentType": "text/plain"}))
        .collect();
    let mut body = json!({"artifacts": artifacts});
    if let Some(token) = token {
        body["continuationToken"] = json!(token);
    }
    ResponseTemplate::new(200).set_body_json(body)
}

async fn answers(server: &MockServer, mock: MockBuilder, template: ResponseTemplate) {
    mock.respond_with(template).mount(server).await;
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn all_pages_of_artifacts_are_read() {
    let server = MockServer::start().await;
    let first = get_artifacts().and(query_param_is_missing("continuationToken"));
    answers(&server, first, page(&["public/a.log", "public/b.log"], Some("second page/+&"))).await;
    let second = get_artifacts().and(query_param("continuationToken", "second page/+&"));
    answers(&server, second, page(&["public/c.log"], Some("3"))).await;
    answers(
        &server,
        get_artifacts().and(query_param("continuationToken", "3")),
        page(&["public/d.log"], None),
    )
    .await;
    let artifacts = queue().artifacts(&format!("{}/", server.uri()), TASK, 0).await.unwrap();
    let names: Vec<&str> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    assert_eq!(names, ["public/a.log", "public/b.log", "public/c.log", "public/d.log"]);
}

#[tokio::test]
async fn server_errors_are_asked_again_five_times() {
    let server = MockServer::start().await;
    get_task().respond_with(ResponseTemplate::new(503)).up_to_n_times(5).mount(&server).await;
    answers(&server, get_task(), ResponseTemplate::new(200).set_body_json(definition())).await;
    let task = queue().task(&server.uri(), TASK).await.unwrap();
    assert_eq!(task.worker_type.as_deref(), Some("t-linux"));
    assert_eq!(requests(&server).await, 6);

    server.reset().await;
    answers(&server, get_task(), ResponseTemplate::new(500)).await;
    let error = queue().task(&server.uri(), TASK).await.unwrap_err();
    assert_eq!(error.kind, TaskQueueErrorKind::Transient);
    assert!(error.reason.contains(TASK) && error.reason.contains("500"), "{error}");
    assert_eq!(requests(&server).await, 6);
}

#[tokio::test]
async fn a_later_page_that_fails_is_asked_again() {
    let server = MockServer::start().await;
    let first = get_artifacts().and(query_param_is_missing("continuationToken"));
    answers(&server, first, page(&["a"], Some("x"))).await;
    let second = || get_artifacts().and(query_param("continuationToken", "x"));
    second().respond_with(ResponseTemplate::new(502)).up_to_n_times(1).mount(&server).await;
    answers(&server, second(), page(&["b"], None)).await;
    assert_eq!(queue().artifacts(&server.uri(), TASK, 0).await.unwrap().len(), 2);
}

#[tokio::test]
async fn other_answers_are_told_apart_and_not_asked_again() {
    for (status, kind) in [
        (404, TaskQueueErrorKind::NotFound),
        (429, TaskQueueErrorKind::Transient),
        (400, TaskQueueErrorKind::Refused),
        (403, TaskQueueErrorKind::Refused),
    ] {
        let server = MockServer::start().await;
        answers(&server, get_task(), ResponseTemplate::new(status)).await;
        assert_eq!(queue().task(&server.uri(), TASK).await.unwrap_err().kind, kind, "{status}");
        assert_eq!(requests(&server).await, 1, "{status}");
    }
    for body in ["<html>", "{\"routes\": 1}", ""] {
        let server = MockServer::start().await;
        answers(&server, get_task(), ResponseTemplate::new(200).set_body_string(body)).await;
        assert_eq!(
            queue().task(&server.uri(), TASK).await.unwrap_err().kind,
            TaskQueueErrorKind::Permanent,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_passing_failure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error: TaskQueueError = queue().task(&root, TASK).await.unwrap_err();
    assert_eq!(error.kind, TaskQueueErrorKind::Transient, "{error}");
}

#[tokio::test]
async fn what_is_no_task_id_never_becomes_a_request() {
    let server = MockServer::start().await;
    for bad in ["", "../../../auth/v1/x", "A35mWTRuQmyj88yMnIF0fA/runs/0", "A35mWTRuQmyj88yMnIF0f?"] {
        assert_eq!(queue().task(&server.uri(), bad).await.unwrap_err().kind, TaskQueueErrorKind::Permanent);
        assert_eq!(
            queue().artifacts(&server.uri(), bad, 0).await.unwrap_err().kind,
            TaskQueueErrorKind::Permanent
        );
    }
    assert_eq!(requests(&server).await, 0);
}

#[tokio::test]
async fn the_job_has_links_or_waits_for_them() {
    let completed = event("completed", Some(0), &json!([run("completed")]));
    let links = async |listing: ResponseTemplate| {
        let server = MockServer::start().await;
        answers(&server, get_task(), ResponseTemplate::new(200).set_body_json(definition())).await;
        answers(&server, get_artifacts(), listing).await;
        let outcome = handle(&completed, &server.uri(), &queue(), &Filter::default()).await?;
        Ok::<_, treeherder_ingest::task::TaskError>(outcome.into_job().unwrap().job_info.unwrap().links.len())
    };
    assert_eq!(links(page(&["public/a", "public/b"], None)).await, Ok(2));
    assert_eq!(links(ResponseTemplate::new(404)).await, Ok(0));
    let error = links(ResponseTemplate::new(500)).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}
