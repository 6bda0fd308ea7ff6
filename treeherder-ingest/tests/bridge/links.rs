//! Links to artifacts, over HTTP: paging and failures.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use treeherder_ingest::bridge::{Bridge, BridgeOptions, MemoryPublisher};
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::task::{HttpTaskQueue, RetryDelays};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{TASK, definition, event, run};

/// Serves a definition and pages of artifacts, of which any may fail.
async fn serve(pages: &[Option<&[&str]>]) -> MockServer {
    let server = MockServer::start().await;
    let task = Mock::given(method("GET")).and(path(format!("/api/queue/v1/task/{TASK}")));
    task.respond_with(ResponseTemplate::new(200).set_body_json(definition())).mount(&server).await;
    for (number, names) in pages.iter().enumerate() {
        let mut mock =
            Mock::given(method("GET")).and(path(format!("/api/queue/v1/task/{TASK}/runs/0/artifacts")));
        mock = if number == 0 {
            mock.and(query_param_is_missing("continuationToken"))
        } else {
            mock.and(query_param("continuationToken", number.to_string()))
        };
        let answer = match names {
            Some(names) => {
                let artifacts: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
                let mut body = json!({"artifacts": artifacts});
                if number + 1 < pages.len() {
                    body["continuationToken"] = json!((number + 1).to_string());
                }
                ResponseTemplate::new(200).set_body_json(body)
            }
            None => ResponseTemplate::new(500),
        };
        mock.respond_with(answer).mount(&server).await;
    }
    server
}

/// Returns the texts and URLs of the links of the job that is published about an event.
async fn links(server: &MockServer, name: &str) -> Vec<(String, String)> {
    let delays = RetryDelays { retries: 1, first: Duration::from_millis(1) };
    let queue = HttpTaskQueue::with_delays(Client::new(ClientOptions::for_local_servers()).unwrap(), delays);
    let publisher = Arc::new(MemoryPublisher::new(10));
    let bridge = Bridge::new(Arc::new(queue), publisher.clone(), BridgeOptions::new(["tc-treeherder"]));
    let mut delivery = event(name, 0, &json!([run(name)]));
    delivery.root_url = server.uri();
    let handled = bridge.handle(&delivery).await;
    assert!(handled.errors.is_empty(), "{:?}", handled.errors);
    let published = publisher.take();
    let job: Value = serde_json::from_slice(&published[0].body).unwrap();
    let text = |link: &Value, name: &str| link[name].as_str().unwrap().to_owned();
    let links = job["jobInfo"]["links"].as_array().unwrap().iter();
    links
        .map(|link| {
            assert_eq!(link["label"], "artifact uploaded");
            (text(link, "linkText"), text(link, "url"))
        })
        .collect()
}

#[tokio::test]
async fn all_pages_become_links_and_repeated_names_are_numbered() {
    let server = serve(&[
        Some(&["public/logs/live.log", "public/a/test.log", "public/dir/"]),
        Some(&["public/b/test.log"]),
        Some(&["test.log", "public/with space.log"]),
    ])
    .await;
    let base = format!("{}/api/queue/v1/task/{TASK}/runs/0/artifacts", server.uri());
    let expected = [
        ("live.log", "public/logs/live.log"),
        ("test.log", "public/a/test.log"),
        ("test.log (1)", "public/b/test.log"),
        ("test.log (2)", "test.log"),
        ("with space.log", "public/with%20space.log"),
    ]
    .map(|(text, path)| (text.to_owned(), format!("{base}/{path}")));
    for name in ["completed", "failed", "exception"] {
        assert_eq!(links(&server, name).await, expected, "{name}");
    }
    for name in ["pending", "running"] {
        assert!(links(&server, name).await.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_page_that_fails_leaves_the_job_with_the_links_before_it() {
    let server = serve(&[None]).await;
    assert!(links(&server, "completed").await.is_empty());
    let server = serve(&[Some(&["public/a.log"]), None, Some(&["public/b.log"])]).await;
    let texts: Vec<String> = links(&server, "completed").await.into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["a.log"]);
}
