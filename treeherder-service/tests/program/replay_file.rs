//! The replay file of the test data.

use treeherder_testdata::scenario::{Message, Scenario};
use treeherder_testdata::standin::StandIn;

use crate::support::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shipped_recording_is_ingested() {
    let stand_in = StandIn::start(Scenario::small(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let shipped = include_str!("../../../testdata/files/replay.jsonl");
    // The file names a fixed port; the server of this test has another one.
    let text = shipped.replace("http://127.0.0.1:8099", stand_in.urls().root());
    let place = Place::new();
    place.load_repositories(&stand_in);
    let file = place.file("replay.jsonl");
    std::fs::write(&file, &text).unwrap();
    let summary = place.replay_to_the_end(file.to_str().unwrap());

    let messages = Message::read_lines(shipped).unwrap();
    assert_eq!(summary["messages"], messages.len());
    let mut tasks: Vec<&str> =
        messages.iter().filter_map(|message| message.body.as_ref()?["status"]["taskId"].as_str()).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let jobs = place.json(&["jobs", "--limit", "2000", "--format", "json"]);
    let mut stored: Vec<&str> =
        jobs.as_array().unwrap().iter().map(|job| job["task_id"].as_str().unwrap()).collect();
    stored.sort_unstable();
    stored.dedup();
    let unknown: Vec<_> = stored.iter().filter(|task| !tasks.contains(task)).collect();
    assert!(unknown.is_empty() && stored.len() * 10 > tasks.len() * 8, "{} of {}", stored.len(), tasks.len());
    assert!(
        summary["logs"].as_u64().unwrap() > 0 && summary["failure_lines"].as_u64().unwrap() > 0,
        "{summary}"
    );
    assert_eq!((&summary["waiting"], &summary["delayed"]), (&0.into(), &0.into()), "{summary}");
    stand_in.shutdown().await;
}
