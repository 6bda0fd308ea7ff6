//! One thing by hand, past the queues.

use treeherder_testdata::scenario::Scenario;
use treeherder_testdata::standin::StandIn;

use crate::support::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_brings_its_push_and_its_logs() {
    let stand_in = StandIn::start(Scenario::small(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let place = Place::new();
    place.load_repositories(&stand_in);
    let root = stand_in.urls().root();
    let scenario = stand_in.scenario();
    // The second push goes to a Mercurial repository.
    let push = scenario.push(1);
    let tasks = scenario.tasks(&push);
    let failed = |task: &&treeherder_testdata::scenario::Task| {
        task.special.is_none() && task.log.as_ref().is_some_and(|log| log.spec.stored_errors() > 0)
    };
    let task = tasks.iter().find(failed).unwrap();
    let told = place.text(&["ingest", "task", &task.id, "--root-url", root]);
    assert!(told.contains(&push.revision) && told.contains("ingesting it first"), "{told}");
    let jobs = place.json(&["jobs", "--format", "json"]);
    assert_eq!(jobs[0]["task_id"], task.id.as_str(), "{told}");
    let id = jobs[0]["id"].to_string();
    let lines =
        || place.json(&["failures", &id, "--format", "json"])["error_lines"].as_array().unwrap().len();
    let expected = task.log.as_ref().unwrap().spec.stored_errors();
    assert_eq!(lines() as u64, expected, "{told}");

    // Once more by the job's id: nothing is doubled.
    assert!(place.text(&["ingest", "log", &id]).contains("parsed already"));
    assert!(place.text(&["ingest", "log", &id, "--again"]).contains("failure lines in"));
    assert_eq!(lines() as u64, expected);

    let told = place.text(&["ingest", "push", "autoland", "--last", "2"]);
    assert!(told.contains("autoland are stored"), "{told}");
    stand_in.shutdown().await;
}
