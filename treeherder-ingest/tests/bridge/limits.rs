//! Jobs that violate the published schema: not published, but told with the place.

use serde_json::{Value, json};
use treeherder_ingest::bridge::BridgeOptions;

use super::support::{
    Published, REVISION, TASK, UUID, definition, event, plain_definition, queue_of, routed, run, waiting,
    with,
};

/// Tells where the job of a definition, run and route violates the schema; nothing when it is published.
async fn violation(definition: Value, run: &Value, route: &str, artifact: Option<&str>) -> Option<String> {
    let mut queue = queue_of(definition);
    queue.add_artifacts(TASK, 0, artifact.map(str::to_owned));
    let bridge = Published::with(queue, BridgeOptions::new(["tc-treeherder"]));
    let (handled, published) = bridge.handle(&routed("completed", 0, &json!([run]), &[route])).await;
    if published.len() == 1 {
        assert!(handled.errors.is_empty());
        return None;
    }
    let [error] = handled.errors.as_slice() else { panic!("{handled:?}") };
    assert!(!error.is_transient());
    // Log and page name the task, the project, the cause and the job.
    assert!(error.to_string().contains(TASK), "{error}");
    let project = error.project().unwrap().to_owned();
    assert!(error.to_string().contains(&project));
    assert_eq!(error.job().unwrap()["taskId"], format!("{UUID}/0"));
    let problem = bridge.bridge.problems().latest().remove(0);
    assert_eq!(
        (problem.task_id.as_deref(), problem.project.as_deref()),
        (Some(TASK), Some(project.as_str()))
    );
    assert_eq!(problem.job.as_ref(), error.job());
    assert_eq!(bridge.count(&format!("{project}.publish-message.failure")), 1);
    assert_eq!(bridge.count("handle-message.failure"), 1);
    Some(match problem.violations.as_slice() {
        [] => problem.kind.to_owned(),
        violations => {
            assert_eq!(problem.kind, "schema");
            violations[0].pointer.clone()
        }
    })
}

#[tokio::test]
async fn definitions_at_and_beyond_the_limits() {
    let route = format!("tc-treeherder.v2.try.{REVISION}.1");
    let chars = |count: usize| json!("x".repeat(count));
    // pointer into the definition, the longest value that is published, one that is not, and where it is wrong
    let table = [
        ("/metadata/owner", chars(50), chars(51), "/owner"),
        ("/metadata/owner", json!("ü".repeat(50)), json!(""), "/owner"),
        ("/metadata/name", chars(1), json!(""), "/display/jobName"),
        ("/workerType", chars(100), chars(101), "/buildMachine/platform"),
        ("/workerType", json!("gecko-1-b_linux"), json!("gecko.linux"), "/buildMachine/platform"),
        ("/created", json!("2019-06-26T19:13:51.402Z"), json!("2019-06-26 19:13"), "/timeScheduled"),
        ("/extra/treeherder/revision", json!("a".repeat(40)), json!("A".repeat(40)), "/origin/revision"),
        ("/extra/treeherder/revision", json!("0".repeat(40)), json!(7), "/origin/revision"),
        ("/extra/treeherder/collection", json!({"a_B-9": true}), json!({"a.b": true}), "/labels/0"),
        ("/extra/treeherder/collection", json!({"a": true}), json!({"": true}), "/labels/0"),
    ];
    for (pointer, good, bad, expected) in table {
        let found = violation(with(plain_definition(), pointer, good), &run("completed"), &route, None).await;
        assert_eq!(found, None, "{pointer}");
        let found = violation(with(plain_definition(), pointer, bad), &run("completed"), &route, None).await;
        assert_eq!(found.as_deref(), Some(expected), "{pointer}");
    }
}

#[tokio::test]
async fn runs_and_artifacts_at_and_beyond_the_limits() {
    let route = format!("tc-treeherder.v2.try.{REVISION}.1");
    let long = |count: usize| "w".repeat(count);
    for (worker, expected) in [
        (long(50), None),
        (long(51), Some("/buildMachine/name")),
        ("worker.example.com".to_owned(), Some("/buildMachine/name")),
        (String::new(), Some("/buildMachine/name")),
    ] {
        let run = with(run("completed"), "/workerId", json!(worker));
        assert_eq!(violation(definition(), &run, &route, None).await.as_deref(), expected, "{worker}");
    }
    for (name, expected) in [
        (format!("public/{}", long(125)), None),
        (format!("public/{}", long(126)), Some("/jobInfo/links/0/linkText")),
        (format!("public/{}/a.log", long(340)), None),
        (format!("public/{}/a.log", long(500)), Some("/jobInfo/links/0/url")),
        ("public/a b ü.log".to_owned(), None),
    ] {
        let found = violation(definition(), &run("completed"), &route, Some(&name)).await;
        assert_eq!(found.as_deref(), expected, "{name}");
    }
    let started = with(run("completed"), "/started", json!("yesterday"));
    assert_eq!(violation(definition(), &started, &route, None).await.as_deref(), Some("/timeStarted"));
}

#[tokio::test]
async fn routes_at_and_beyond_the_limits() {
    let project = |count: usize| "p".repeat(count);
    let table = [
        (format!("v2.{}.{REVISION}.1", project(25)), None),
        (format!("v2.{}.{REVISION}.1", project(26)), Some("routing-key")),
        (format!("v2.{}.{REVISION}.1", project(51)), Some("/origin/project")),
        (format!("v2.me/{}.{REVISION}.1", project(25)), None),
        (format!("v2.a/b/c.{REVISION}.1"), Some("/origin/project")),
        (format!("v2..{REVISION}.1"), Some("/origin/project")),
        (format!("v2.{}/try.{REVISION}.1", project(50)), None),
        (format!("v2.{}/try.{REVISION}.1", project(51)), Some("/origin/owner")),
        ("v2.try.XYZ.234".to_owned(), Some("/origin/revision")),
        (format!("v2.try.{}.1", &REVISION[1..]), Some("/origin/revision")),
        (format!("v2.try.{}.1", REVISION.to_uppercase()), Some("/origin/revision")),
        (format!("v2.me/try.{}.1", REVISION.to_uppercase()), None),
        (format!("v2.me/try.{}.1", &REVISION[1..]), Some("/origin/revision")),
        (format!("v2.try.{REVISION}.ab"), Some("/origin/pushLogID")),
        (format!("v2.me/try.{REVISION}.ab"), Some("/origin/pullRequestID")),
    ];
    for (route, expected) in table {
        let route = format!("tc-treeherder.{route}");
        let found = violation(definition(), &run("completed"), &route, None).await;
        assert_eq!(found.as_deref(), expected, "{route}");
    }
    let long = "d".repeat(26);
    let bridge = Published::with(queue_of(definition()), BridgeOptions::new([long.as_str()]));
    let route = format!("{long}.v2.try.{REVISION}.1");
    let (handled, _) = bridge.handle(&routed("running", 0, &json!([run("running")]), &[&route])).await;
    assert_eq!(handled.errors[0].label(), "routing-key");
}

#[tokio::test]
async fn long_names_are_cut_to_99_characters() {
    for count in [99, 100, 300] {
        let definition = with(definition(), "/metadata/name", json!("ü".repeat(count)));
        let jobs = Published::of(definition).jobs(&event("running", 0, &json!([run("running")]))).await;
        assert_eq!(jobs[0]["display"]["jobName"], "ü".repeat(99));
    }
}

#[tokio::test]
async fn a_former_run_that_cannot_be_told_keeps_the_new_one_back() {
    let former = with(run("exception"), "/workerId", json!("a.b"));
    let bridge = Published::of(definition());
    let (handled, published) = bridge.handle(&event("pending", 1, &json!([former, waiting("retry")]))).await;
    assert!(published.is_empty());
    assert_eq!(handled.errors[0].violations()[0].pointer, "/buildMachine/name");
}
