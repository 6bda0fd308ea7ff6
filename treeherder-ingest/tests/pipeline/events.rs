//! What live readers are told while messages are worked on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use treeherder_ingest::events::{Start, Subscription, Told};
use treeherder_ingest::pipeline::WorkItem;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::harness::{Harness, options};
use crate::support::database::Backend;
use crate::whole::{deliveries, stand_in, upstream, urls};

/// The bodies of all events so far.
async fn bodies(reader: &mut Subscription, newest: i64) -> Vec<Value> {
    let mut bodies = Vec::new();
    while reader.position() < newest {
        let Told::Event(event) = reader.next().await.unwrap() else { panic!("a gap") };
        let body: Value = serde_json::from_str(event.body()).unwrap();
        assert_eq!((&body["event"], &body["branch"]), (&event.name().into(), &event.branch().into()));
        bodies.push(body);
    }
    bodies
}

async fn told(harness: &Harness) -> Vec<Value> {
    let mut reader = harness.pipeline.events().subscribe(Start::After(0)).await.unwrap();
    let newest = harness.store.newest_event().await.unwrap();
    bodies(&mut reader, newest).await
}

async fn a_history_is_told_on(backend: Backend) {
    let stand_in = stand_in().await;
    let Some(harness) = Harness::new(backend, options(), Some(upstream(&stand_in))).await else { return };
    let messages = stand_in.scenario().messages(&urls(&stand_in));
    harness.listen(deliveries(messages.clone())).await;
    harness.work().await;
    let events = told(&harness).await;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for event in &events {
        *kinds.entry(event["event"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let contents = harness.contents().await;
    assert_eq!(kinds["resultset"], contents["push"].len(), "{kinds:?}");
    // Every stored job was told of, under the id of its push.
    let guids: BTreeSet<String> = events
        .iter()
        .filter(|event| event["event"] == "job")
        .flat_map(|event| event["job_guids"].as_object().unwrap().keys().cloned())
        .collect();
    let stored: BTreeSet<String> =
        contents["job"].iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(guids, stored);
    // Every failure line was told of: its number and the beginning of its text.
    let totals = events.iter().filter_map(|event| event["total"].as_u64()).sum::<u64>();
    assert_eq!(totals, contents["error line"].len() as u64);
    assert!(kinds["job_failure"] > 0 && kinds["job"] > 0, "{kinds:?}");

    // The same messages again change nothing, and no push is new.
    harness.listen(deliveries(messages)).await;
    harness.work().await;
    let again = told(&harness).await;
    assert!(again[events.len()..].iter().all(|event| event["event"] == "job"), "{again:?}");
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_told_on_sqlite() {
    a_history_is_told_on(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_told_on_postgres() {
    a_history_is_told_on(Backend::Postgres).await;
}

#[tokio::test]
async fn a_parsed_log_brings_its_failure_lines() {
    let server = MockServer::start().await;
    let log = "fine\nTEST-UNEXPECTED-FAIL | b.js | boom\nfine\n";
    Mock::given(path("/log"))
        .respond_with(ResponseTemplate::new(200).set_body_string(log))
        .mount(&server)
        .await;
    let harness = Harness::sqlite(options()).await;
    let job = harness.job_with_log("live_backing_log", &format!("{}/log", server.uri())).await;
    harness.work().await;
    let events = told(&harness).await;
    // The push has the same id as the job.
    let of_job = |event: &&Value| event["id"] == job.job_id && event["event"] != "resultset";
    let of_log: Vec<&Value> = events.iter().filter(of_job).collect();
    assert_eq!(of_log.len(), 2, "{events:?}");
    assert_eq!(of_log[0]["event"], "failure_lines");
    assert_eq!(of_log[0]["total"], 1);
    assert_eq!(
        of_log[0]["lines"],
        serde_json::json!([{"line_number": 1, "line": "TEST-UNEXPECTED-FAIL | b.js | boom"}])
    );
    assert_eq!(
        of_log[1],
        &serde_json::json!({"event": "job_failure", "branch": "autoland", "id": job.job_id})
    );

    // A log that is parsed already says nothing.
    harness.pipeline.handle(&job.item).await.unwrap();
    assert_eq!(told(&harness).await.len(), events.len());
    assert!(matches!(job.item, WorkItem::LogParser { .. }));
}

#[tokio::test]
async fn the_count_of_each_active_repository_is_told() {
    let harness = Harness::sqlite(options()).await;
    let told_of = harness.pipeline.announce_unclassified().await.unwrap();
    let events = told(&harness).await;
    assert!(told_of > 1 && events.len() == told_of);
    let autoland = events.iter().find(|event| event["branch"] == "autoland").unwrap();
    assert_eq!(
        autoland,
        &serde_json::json!({"event": "unclassified_failure_count", "branch": "autoland", "count": 0, "count_excluded": 0})
    );
}
