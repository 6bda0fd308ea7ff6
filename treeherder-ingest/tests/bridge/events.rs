//! Every kind of event and what is published about it.

use serde_json::{Value, json};
use treeherder_ingest::bridge::{BridgeOptions, Skipped};

use super::support::{
    Published, REVISION, TASK, UUID, definition, event, job, plain_definition, queue_of, routed, run,
    waiting, with, without,
};

#[tokio::test]
async fn the_whole_message_of_a_pending_task() {
    let pending = without(without(without(run("pending"), "/started"), "/resolved"), "/workerId");
    let bridge = Published::of(definition());
    let (_, published) = bridge.handle(&event("pending", 0, &json!([pending]))).await;
    assert_eq!(published[0].key.primary, "tc-treeherder.mozilla-inbound._");
    assert_eq!(published[0].key.cc, "tc-treeherder.mozilla-inbound");
    let job: Value = serde_json::from_slice(&published[0].body).unwrap();
    let expected = json!({
        "taskId": format!("{UUID}/0"),
        "origin": {"kind": "hg.mozilla.org", "project": "mozilla-inbound", "revision": REVISION, "pushLogID": 1246},
        "buildSystem": "taskcluster",
        "display": {"jobSymbol": "R3", "groupSymbol": "tc-R", "jobName": "[TC] Reftest", "groupName": "Reftest"},
        "state": "pending",
        "jobKind": "build",
        "version": 1,
        "retryId": 0,
        "isRetried": false,
        "result": "unknown",
        "tier": 1,
        "timeScheduled": "2019-06-26T19:13:51.402Z",
        "labels": ["opt"],
        "owner": "me@example.com",
        "reason": "scheduled",
        "productName": "b2g",
        "buildMachine": {"name": "unknown", "platform": "b2g-emu-x86-kk", "os": "-", "architecture": "-"},
        "jobInfo": {"summary": "Runs reftests", "links": []}
    });
    assert_eq!(job, expected);
    assert_eq!(bridge.count("handle-message"), 1);
    assert_eq!(bridge.count("handle-message.success"), 1);
    assert_eq!(bridge.count("validateTask.good-config"), 1);
    assert_eq!(bridge.count("mozilla-inbound.handle-message"), 1);
    assert_eq!(bridge.count("mozilla-inbound.publish-message.success"), 1);
    assert_eq!(bridge.bridge.counters().handling_time().count, 1);
}

#[tokio::test]
async fn a_task_that_says_little_gets_the_defaults() {
    let job = job(plain_definition(), &event("running", 0, &json!([run("running")]))).await;
    assert_eq!(job["display"], json!({"jobSymbol": "x", "groupSymbol": "?", "jobName": "[TC] Reftest"}));
    assert_eq!(
        (&job["tier"], &job["jobKind"], &job["reason"]),
        (&json!(1), &json!("other"), &json!("scheduled"))
    );
    assert_eq!(job["labels"], json!(["opt"]));
    assert_eq!(job["productName"], Value::Null);
    let machine = json!({"name": "i-0123", "platform": "b2gtest", "os": "-", "architecture": "-"});
    assert_eq!(job["buildMachine"], machine);
}

#[tokio::test]
async fn what_the_task_says_is_taken_over() {
    let block = json!({"symbol": "", "tier": 2, "reason": "because", "labels": ["asan", "debug"], "collection": {"opt": true},
        "machine": {"platform": "linux64", "os": "linux", "architecture": "x86_64"}});
    let definition = with(definition(), "/extra/treeherder", block);
    let job = job(definition, &event("running", 0, &json!([run("running")]))).await;
    assert_eq!((&job["tier"], &job["reason"]), (&json!(2), &json!("because")));
    assert_eq!(job["labels"], json!(["asan", "debug"]));
    let machine = json!({"name": "i-0123", "platform": "linux64", "os": "linux", "architecture": "x86_64"});
    assert_eq!(job["buildMachine"], machine);
    assert_eq!(job["display"]["jobSymbol"], "");
}

#[tokio::test]
async fn state_and_result_follow_the_run() {
    // exchange, run's state, reason, state and result of the job, whether started, completed, logs
    let table = [
        ("pending", "pending", None, "pending", "unknown", false, false, None),
        ("running", "running", None, "running", "unknown", true, false, None),
        ("completed", "completed", Some("completed"), "completed", "success", true, true, Some(1)),
        ("failed", "failed", Some("failed"), "completed", "fail", true, true, Some(1)),
        ("exception", "exception", Some("canceled"), "completed", "canceled", true, true, Some(0)),
        ("exception", "exception", Some("superseded"), "completed", "superseded", true, true, Some(0)),
        ("exception", "exception", Some("deadline-exceeded"), "completed", "exception", true, true, Some(0)),
        ("exception", "exception", Some("claim-expired"), "completed", "exception", true, true, Some(0)),
        ("exception", "exception", Some("worker-shutdown"), "completed", "exception", true, true, Some(0)),
        ("exception", "exception", Some("malformed-payload"), "completed", "exception", true, true, Some(0)),
        (
            "exception",
            "exception",
            Some("resource-unavailable"),
            "completed",
            "exception",
            true,
            true,
            Some(0),
        ),
        ("exception", "exception", Some("internal-error"), "completed", "exception", true, true, Some(0)),
        ("exception", "exception", Some("intermittent-task"), "completed", "exception", true, true, Some(0)),
        ("exception", "exception", None, "completed", "exception", true, true, Some(0)),
        // What the run says counts, not the exchange.
        ("completed", "failed", Some("failed"), "completed", "fail", true, true, Some(1)),
    ];
    for (exchange, run_state, reason, state, result, started, completed, logs) in table {
        let run = reason
            .map_or_else(|| run(run_state), |reason| with(run(run_state), "/reasonResolved", json!(reason)));
        let job = job(definition(), &event(exchange, 0, &json!([run]))).await;
        let case = format!("{exchange}, {run_state}, {reason:?}");
        assert_eq!((&job["state"], &job["result"]), (&json!(state), &json!(result)), "{case}");
        assert_eq!(job["isRetried"], false, "{case}");
        let time = |is_there: bool, time: &str| if is_there { json!(time) } else { Value::Null };
        assert_eq!(job["timeStarted"], time(started, "2019-06-26T19:40:00.000Z"), "{case}");
        assert_eq!(job["timeCompleted"], time(completed, "2019-06-26T19:50:00.000Z"), "{case}");
        assert_eq!(job["timeScheduled"], "2019-06-26T19:13:51.402Z", "{case}");
        assert_eq!(job.get("logs").map(|logs| logs.as_array().unwrap().len()), logs, "{case}");
    }
}

#[tokio::test]
async fn the_log_has_the_name_and_host_that_are_wanted() {
    let completed = event("completed", 0, &json!([run("completed")]));
    let path = format!("/task/{TASK}/runs/0/artifacts/public/logs/live_backing.log");
    let log = |name: &str, base: &str| json!([{"url": format!("{base}{path}"), "name": name}]);
    let modern = "https://tc.example.com/api/queue/v1";
    assert_eq!(job(definition(), &completed).await["logs"], log("builds-4h", modern));
    let mut legacy = completed.clone();
    legacy.root_url = "https://taskcluster.net".to_owned();
    let classic = "https://queue.taskcluster.net/v1";
    assert_eq!(job(definition(), &legacy).await["logs"], log("builds-4h", classic));
    let mut options = BridgeOptions::new(["tc-treeherder"]);
    options.log_name = "live_backing_log".to_owned();
    let jobs = Published::with(queue_of(definition()), options).jobs(&completed).await;
    assert_eq!(jobs[0]["logs"], log("live_backing_log", modern));
}

#[tokio::test]
async fn a_new_run_tells_first_that_the_former_one_is_over() {
    for reason in ["retry", "task-retry", "rerun", "scheduled", "exception"] {
        let mut queue = queue_of(definition());
        queue.add_artifacts(TASK, 0, ["public/former.log".to_owned()]);
        queue.add_artifacts(TASK, 1, ["public/next.log".to_owned()]);
        let bridge = Published::with(queue, BridgeOptions::new(["tc-treeherder"]));
        let exception = with(run("exception"), "/reasonResolved", json!("claim-expired"));
        let jobs = bridge.jobs(&event("pending", 1, &json!([exception, waiting(reason)]))).await;
        let [former, next] = jobs.as_slice() else { panic!("{jobs:?}") };
        assert_eq!((&former["taskId"], &former["retryId"]), (&json!(format!("{UUID}/0")), &json!(0)));
        assert_eq!((&former["state"], &former["result"]), (&json!("completed"), &json!("fail")), "{reason}");
        assert_eq!((&former["isRetried"], &former["logs"]), (&json!(true), &json!([])));
        assert_eq!((former.get("timeStarted"), former.get("timeCompleted")), (None, None));
        assert_eq!(former["buildMachine"]["name"], "i-0123");
        let url =
            format!("https://tc.example.com/api/queue/v1/task/{TASK}/runs/0/artifacts/public/former.log");
        let link = json!([{"url": url, "linkText": "former.log", "label": "artifact uploaded"}]);
        assert_eq!(former["jobInfo"]["links"], link);
        assert_eq!((&next["taskId"], &next["retryId"]), (&json!(format!("{UUID}/1")), &json!(1)));
        assert_eq!((&next["state"], &next["isRetried"]), (&json!("pending"), &json!(false)));
        assert_eq!((next.get("logs"), &next["jobInfo"]["links"]), (None, &json!([])));
        assert_eq!(next["buildMachine"]["name"], "unknown");
    }
}

#[tokio::test]
async fn later_events_of_a_later_run_give_one_message() {
    for name in ["running", "completed", "failed", "exception"] {
        let job = job(definition(), &event(name, 1, &json!([run("failed"), run(name)]))).await;
        assert_eq!(
            (&job["taskId"], &job["isRetried"]),
            (&json!(format!("{UUID}/1")), &json!(false)),
            "{name}"
        );
    }
    // A retry that is announced with the exception is told by the next pending event.
    let job = job(definition(), &event("exception", 0, &json!([run("exception"), waiting("retry")]))).await;
    assert_eq!(job["isRetried"], false);
}

#[tokio::test]
async fn a_run_that_was_made_up_gives_nothing() {
    let made_up = with(run("exception"), "/reasonCreated", json!("exception"));
    let bridge = Published::of(definition());
    let (handled, published) = bridge.handle(&event("exception", 0, &json!([made_up]))).await;
    assert_eq!(handled.skipped, [Skipped::InventedRun]);
    assert!(published.is_empty() && handled.errors.is_empty());
    assert_eq!(bridge.count("handle-message.success"), 1);
    assert!(bridge.bridge.problems().latest().is_empty());
}

#[tokio::test]
async fn a_run_that_never_started_has_no_start() {
    let canceled = without(with(run("exception"), "/reasonResolved", json!("canceled")), "/started");
    let job = job(definition(), &event("exception", 0, &json!([canceled]))).await;
    assert_eq!(job.get("timeStarted"), None);
    assert_eq!(job["timeCompleted"], "2019-06-26T19:50:00.000Z");
}

#[tokio::test]
async fn every_form_of_route_gives_its_origin() {
    let hg = |project: &str| json!({"kind": "hg.mozilla.org", "project": project, "revision": REVISION});
    let github =
        |owner: &str| json!({"kind": "github.com", "owner": owner, "project": "fenix", "revision": REVISION});
    let table = [
        (format!("v2.try.{REVISION}.234"), with(hg("try"), "/pushLogID", json!(234))),
        (format!("v2.try.{REVISION}"), hg("try")),
        (format!("v2.try.{REVISION}.12ab"), with(hg("try"), "/pushLogID", json!(12))),
        (format!("v2.try.{REVISION}.1.2"), hg("try")),
        (
            format!("v2.mozilla-mobile/fenix.{REVISION}.17"),
            with(github("mozilla-mobile"), "/pullRequestID", json!(17)),
        ),
        (format!("v2._/fenix.{REVISION}"), github("_")),
        (format!("mozilla-inbound.{REVISION}.1246"), with(hg("mozilla-inbound"), "/pushLogID", json!(1246))),
        (format!("mozilla-inbound.{REVISION}"), hg("mozilla-inbound")),
        (format!("user/fenix.{REVISION}.17"), with(github("user"), "/pullRequestID", json!(17))),
        (format!("user/fenix.{REVISION}"), github("user")),
    ];
    for (route, origin) in table {
        let delivery = routed("running", 0, &json!([run("running")]), &[&format!("tc-treeherder.{route}")]);
        let (_, published) = Published::of(definition()).handle(&delivery).await;
        let job: Value = serde_json::from_slice(&published[0].body).unwrap();
        assert_eq!(job["origin"], origin, "{route}");
        let project = origin["project"].as_str().unwrap();
        assert_eq!(published[0].key.primary, format!("tc-treeherder.{project}._"), "{route}");
    }
}

#[tokio::test]
async fn three_words_name_a_revision_hash_where_that_is_wanted() {
    let mut options = BridgeOptions::new(["tc-treeherder"]);
    options.legacy_revision_hash = true;
    let bridge = Published::with(queue_of(definition()), options);
    let runs = json!([run("running")]);
    let three = bridge.jobs(&routed("running", 0, &runs, &[&format!("tc-treeherder.try.{REVISION}")])).await;
    let expected = json!({"kind": "hg.mozilla.org", "project": "try", "revision_hash": REVISION});
    assert_eq!(three[0]["origin"], expected);
    let four = bridge.jobs(&routed("running", 0, &runs, &[&format!("tc-treeherder.try.{REVISION}.1")])).await;
    assert_eq!(four[0]["origin"]["revision"], REVISION);
    let github =
        bridge.jobs(&routed("running", 0, &runs, &[&format!("tc-treeherder.me/try.{REVISION}")])).await;
    assert_eq!(github[0]["origin"]["revision"], REVISION);
}

#[tokio::test]
async fn the_definition_s_revision_replaces_the_route_s() {
    let other = "0123456789abcdef0123456789abcdef01234567";
    let definition = with(definition(), "/extra/treeherder/revision", json!(other));
    let job = job(definition, &event("running", 0, &json!([run("running")]))).await;
    assert_eq!(job["origin"]["revision"], other);
}

#[tokio::test]
async fn each_destination_of_a_list_is_served_as_if_by_a_bridge_of_its_own() {
    let runs = json!([run("running")]);
    let production = format!("tc-treeherder.v2.try.{REVISION}.1");
    let staging = format!("tc-treeherder-staging.v2.try.{REVISION}.1");
    let one = Published::of(definition());
    let (_, published) = one.handle(&routed("running", 0, &runs, &[&staging, &production])).await;
    let keys: Vec<&str> = published.iter().map(|message| message.key.primary.as_str()).collect();
    assert_eq!(keys, ["tc-treeherder.try._"]);
    let both = Published::with(
        queue_of(definition()),
        BridgeOptions::new(["tc-treeherder", "tc-treeherder-staging"]),
    );
    let (_, published) = both.handle(&routed("running", 0, &runs, &[&staging, &production])).await;
    let keys: Vec<&str> = published.iter().map(|message| message.key.primary.as_str()).collect();
    assert_eq!(keys, ["tc-treeherder.try._", "tc-treeherder-staging.try._"]);
    let (handled, published) = both.handle(&routed("running", 0, &runs, &[&staging])).await;
    assert_eq!((published.len(), handled.errors.len()), (1, 0));
}
