//! A replay that is killed at any moment and begun again ends as one that was left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::time::Duration;

use serde_json::Value;
use treeherder_ingest::store::Store;

use crate::support::{Place, assert_same, small_scenario, write_messages};

/// Whatever is stored was told of: each push, each job in its last state, the failure lines of each log.
async fn assert_all_told(place: &Place) {
    let url = format!("sqlite://{}", place.file("treeherder.sqlite").display());
    let store = Store::connect(&url, 1).await.unwrap();
    let events = store.events_after(0, 100_000).await.unwrap();
    assert_eq!(store.event_range().await.unwrap().0, 1, "none of them is gone");
    let bodies: Vec<Value> = events.iter().map(|event| serde_json::from_str(event.body()).unwrap()).collect();
    let of = |name| bodies.iter().filter(move |body| body["event"] == name);
    let told_jobs: BTreeSet<&String> =
        of("job").flat_map(|body| body["job_guids"].as_object().unwrap().keys()).collect();
    let mut lines = BTreeMap::new();
    for body in of("failure_lines") {
        lines.insert(body["job_guid"].as_str().unwrap(), body["total"].as_u64().unwrap());
    }
    let rows: Vec<Value> = place.rows().await.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    let stored = |name: &'static str| rows.iter().filter(move |row| row[0] == name);
    assert_eq!(of("resultset").count(), stored("push").count());
    for job in stored("job") {
        let guid = job[1].as_str().unwrap().to_owned();
        assert!(told_jobs.contains(&guid), "job {guid}");
    }
    let mut stored_lines = BTreeMap::new();
    for line in stored("error line") {
        *stored_lines.entry(line[1].as_str().unwrap()).or_default() += 1;
    }
    assert!(stored_lines.len() > 1);
    assert_eq!(lines, stored_lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_begun_again_it_ends_the_same() {
    let (stand_in, messages) = small_scenario().await;
    let calm = Place::new();
    calm.load_repositories(&stand_in);
    write_messages(&calm.file("m.jsonl"), &messages);
    let file = calm.file("m.jsonl");
    let file = file.to_str().unwrap();
    calm.replay_to_the_end(file);
    let expected = calm.rows().await;
    assert!(expected.len() > 400, "{}", expected.len());

    let place = Place::new();
    place.load_repositories(&stand_in);
    let mut killed = 0;
    for milliseconds in [150, 300, 450, 700, 1100] {
        let mut child = place.command(&["replay", file]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        if child.try_wait().unwrap().is_none() {
            killed += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(!complaint.contains("panicked"), "{complaint}");
    }
    assert!(killed > 0, "no run was long enough to be killed");
    place.replay_to_the_end(file);
    let rows = place.rows().await;
    assert_same(&rows, &expected);
    assert_all_told(&place).await;
    stand_in.shutdown().await;
}
