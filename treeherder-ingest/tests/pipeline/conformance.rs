//! Real logs, error summaries and task messages give the rows they should.

use std::path::PathBuf;

use serde_json::Value;
use treeherder_ingest::pulse::Delivery;

use crate::harness::{Harness, options};
use crate::server::{Answer, Server, response};

/// The folder of the conformance data; `None`, with a note, where it is absent.
fn root() -> Option<PathBuf> {
    let root = std::env::var_os("TREEHERDER_CONFORMANCE_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")),
        PathBuf::from,
    );
    if root.is_dir() {
        return Some(root);
    }
    println!("skipped: no conformance data at {}", root.display());
    None
}

/// Serves a folder of the data.
async fn serve(folder: &'static str, headers: &'static str) -> Option<(PathBuf, Server)> {
    let folder = root()?.join(folder);
    let served = folder.clone();
    let server = Server::start(move |path| match std::fs::read(served.join(path.trim_start_matches('/'))) {
        Ok(bytes) => Answer::Close(response(200, headers, &bytes)),
        Err(_) => Answer::Close(response(404, "", b"")),
    })
    .await;
    Some((folder, server))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_logs_give_the_expected_rows() {
    let Some((folder, server)) = serve("logs", "content-encoding: gzip\r\n").await else { return };
    let mut logs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(name) = name.strip_suffix(".log.gz") else { continue };
        let expected = std::fs::read(path.with_file_name(format!("{name}.expected.json"))).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();

        let harness = Harness::sqlite(options()).await;
        let log = harness.job_with_log("live_backing_log", &server.url(&format!("/{name}.log.gz"))).await;
        harness.work().await;
        let rows = harness.error_lines(log.job_id).await;
        let wanted: Vec<(i32, String)> = expected["errors"].as_array().unwrap().iter().map(row).collect();
        assert_eq!(rows, wanted, "{name}");
        assert_eq!(harness.log_status(log.job_id).await, 1, "{name}");
        assert_eq!(harness.pipeline.statistics().lines, expected["lines"].as_u64().unwrap(), "{name}");
        logs += 1;
    }
    assert_eq!(logs, 12);
}

fn row(error: &Value) -> (i32, String) {
    let number = i32::try_from(error["linenumber"].as_i64().unwrap()).unwrap();
    (number, error["line"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_real_error_summary_gives_the_expected_rows() {
    let Some((_, server)) = serve("errorsummary", "content-type: text/plain\r\n").await else { return };
    let harness = Harness::sqlite(options()).await;
    let url = server.url("/mochitest-browser-chrome_errorsummary.log");
    let log = harness.job_with_log("errorsummary_json", &url).await;
    harness.work().await;
    assert_eq!(harness.log_status(log.job_id).await, 1);
    let lines = harness.store.failure_lines(log.job_id).await.unwrap();
    assert_eq!(lines.len(), 5);
    let contents = harness.contents().await;
    let groups = &contents["group"];
    let with_status = |status: u8| {
        let part = format!(" {status} ");
        groups.iter().filter(|group| group.contains(&part)).count()
    };
    assert_eq!((groups.len(), with_status(1), with_status(2)), (29, 26, 3));
    assert_eq!(groups.iter().filter(|group| !group.ends_with(" 0")).count(), 27);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_task_messages_give_the_expected_jobs() {
    let Some(root) = root() else { return };
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(root.join("pulse").join(name)).unwrap()).unwrap()
    };
    let (messages, definitions, expected) =
        (read("task_messages.json"), read("task_definitions.json"), read("expected_jobs.json"));
    let server = Server::start(move |path| {
        let mut parts = path.trim_start_matches("/api/queue/v1/task/").splitn(2, '/');
        let body = match (parts.next().and_then(|id| definitions.get(id)), parts.next()) {
            (Some(definition), None) => definition.to_string(),
            (Some(_), Some(_)) => r#"{"artifacts": []}"#.to_owned(),
            (None, _) => return Answer::Close(response(404, "", b"")),
        };
        Answer::Close(response(200, "content-type: application/json\r\n", body.as_bytes()))
    })
    .await;
    let harness = Harness::sqlite(options()).await;
    let delivery = |message: &Value| Delivery {
        exchange: message["exchange"].as_str().unwrap().to_owned(),
        routing_key: String::new(),
        cc: Vec::new(),
        root_url: server.url(""),
        body: message["payload"].to_string().into_bytes(),
    };
    let messages: Vec<Delivery> = messages.as_object().unwrap().values().map(delivery).collect();
    // The pushes of the jobs, in whatever repositories the jobs name.
    let mut wanted = Vec::new();
    let mut unknown = 0;
    for (id, job) in expected.as_object().unwrap() {
        let message = &messages[expected.as_object().unwrap().keys().position(|key| key == id).unwrap()];
        assert!(String::from_utf8_lossy(&message.body).contains(id.as_str()));
        let route = harness_route(&root, id);
        let revision = job["revision"].as_str().unwrap().to_owned();
        match harness.store.repository_by_name(&route).await.unwrap() {
            Some(repository) if repository.active_status == "active" => {
                let push = treeherder_ingest::push::LoadedPush {
                    revision,
                    push_timestamp: 1_560_000_000.0,
                    author: "a".to_owned(),
                    revisions: Vec::new(),
                    branch: None,
                };
                harness.store.store_push(repository.id, &push).await.unwrap();
                let job = &job["job"];
                let text = |name: &str| job[name].as_str().unwrap().to_owned();
                wanted.push((text("job_guid"), text("state"), text("result"), text("name")));
            }
            _ => unknown += 1,
        }
    }
    assert_eq!(harness.listen(messages).await.published, 47);
    harness.work().await;
    let mut stored = Vec::new();
    let filter = treeherder_ingest::store::JobFilter { limit: 100, ..Default::default() };
    for job in harness.store.jobs(&filter).await.unwrap() {
        stored.push((job.row.job_guid, job.row.state, job.row.result, job.row.job_type_name));
    }
    stored.sort();
    wanted.sort();
    assert_eq!(stored, wanted);
    assert_eq!(stored.len() + unknown, 47);
    assert!(stored.len() > 10, "only {} jobs have an active repository", stored.len());
}

/// The project in the Treeherder route of a task.
fn harness_route(root: &std::path::Path, task_id: &str) -> String {
    let definitions = std::fs::read(root.join("pulse/task_definitions.json")).unwrap();
    let definitions: Value = serde_json::from_slice(&definitions).unwrap();
    let routes = definitions[task_id]["routes"].as_array().unwrap();
    let route =
        routes.iter().filter_map(Value::as_str).find_map(|route| route.strip_prefix("tc-treeherder.v2."));
    route.unwrap().split('.').next().unwrap().to_owned()
}
