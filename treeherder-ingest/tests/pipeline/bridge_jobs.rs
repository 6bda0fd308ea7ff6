//! Job messages of a bridge's exchange become jobs, without anybody being asked about the task.

use serde_json::json;
use treeherder_ingest::pulse::Delivery;

use crate::harness::{Harness, REVISION, options};

/// A message as taskcluster-treeherder published it.
fn published(project: &str, job_kind: &str) -> Delivery {
    let body = json!({
        // Not the task of the harness's own jobs.
        "taskId": "5f6b1c9c-0c1e-4b0b-9d9c-3a4f7a1e1a10/0",
        "origin": {"kind": "hg.mozilla.org", "project": project, "revision": REVISION, "pushLogID": 96861},
        "buildSystem": "taskcluster",
        "display": {"jobSymbol": "a11y", "groupSymbol": "M", "jobName": "test-x"},
        "state": "running", "jobKind": job_kind, "version": 1, "retryId": 0, "isRetried": false, "result": "unknown",
        "tier": 1, "timeScheduled": "2019-06-26T19:13:51.402Z", "timeStarted": "2019-06-26T19:40:00.000Z",
        "labels": ["opt"], "owner": "me@example.com", "reason": "scheduled",
        "buildMachine": {"name": "i-0123", "platform": "linux64", "os": "-", "architecture": "-"},
        "jobInfo": {"summary": "Runs x", "links": []}
    });
    Delivery {
        exchange: "exchange/taskcluster-treeherder/v1/jobs".to_owned(),
        routing_key: format!("tc-treeherder.{project}._"),
        cc: vec![format!("tc-treeherder.{project}")],
        root_url: "http://127.0.0.1:9".to_owned(),
        body: body.to_string().into_bytes(),
    }
}

#[tokio::test]
async fn jobs_of_the_exchange_are_stored() {
    let harness = Harness::sqlite(options()).await;
    // Another job makes the push.
    harness.job_with_log("builds-4h", "http://127.0.0.1/none").await;
    let before = harness.contents().await["job"].len();
    let listened =
        harness.listen(vec![published("autoland", "test"), published("autoland", "nothing")]).await;
    assert_eq!((listened.published, listened.dead), (2, 0));
    harness.work().await;
    let jobs = harness.contents().await["job"].clone();
    assert_eq!(jobs.len(), before + 1);
    assert_eq!(harness.pipeline.statistics().drops, [("invalid-job", 1)].into_iter().collect());
    assert!(
        harness.dead_letters().await.iter().all(|letter| !letter.payload.contains("taskcluster-treeherder"))
    );
}

#[tokio::test]
async fn projects_that_are_not_wanted_are_dropped() {
    let mut options = options();
    options.projects_to_ingest = "try".to_owned();
    let harness = Harness::sqlite(options).await;
    harness.listen(vec![published("autoland", "test")]).await;
    harness.work().await;
    assert_eq!(harness.pipeline.statistics().drops, [("filtered", 1)].into_iter().collect());
}
