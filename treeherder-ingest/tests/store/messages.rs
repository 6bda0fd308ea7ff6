//! Job messages for tests.

use indexmap::IndexMap;
use treeherder_ingest::job::{JobData, LoadedJob, LogReference, Platform};
use treeherder_ingest::push::LoadedPush;
use treeherder_ingest::store::Store;

use crate::support::database::{Backend, TestStore};

/// Revision of the push that all messages belong to.
pub(crate) const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";

/// A seeded store with the push of the messages.
pub(crate) async fn store_with_push(backend: Backend) -> Option<TestStore> {
    let test = TestStore::seeded(backend).await?;
    store_push(&test.store, REVISION).await;
    Some(test)
}

/// Stores a push of autoland.
pub(crate) async fn store_push(store: &Store, revision: &str) -> i32 {
    let push = LoadedPush {
        revision: revision.to_owned(),
        push_timestamp: 1_740_638_000.0,
        author: "ana@example.com".to_owned(),
        revisions: Vec::new(),
        branch: None,
    };
    store.store_push(77, &push).await.unwrap()
}

/// A job message of autoland.
pub(crate) fn loaded(guid: &str, state: &str) -> LoadedJob {
    LoadedJob {
        repository: "autoland".to_owned(),
        revision: REVISION.to_owned(),
        superseded: Vec::new(),
        job: JobData {
            job_guid: guid.to_owned(),
            name: "test-linux1804-64/opt-mochitest-1".to_owned(),
            job_symbol: "1".to_owned(),
            group_name: "Mochitests".to_owned(),
            group_symbol: "M".to_owned(),
            product_name: "firefox".to_owned(),
            state: state.to_owned(),
            result: if state == "completed" { "success" } else { "unknown" }.to_owned(),
            reason: "scheduled".to_owned(),
            who: "ana@example.com".to_owned(),
            build_system_type: "taskcluster".to_owned(),
            tier: 1,
            machine: "worker-1".to_owned(),
            option_collection: IndexMap::from([("opt".to_owned(), true)]),
            log_references: Vec::new(),
            perfherder_data_references: Vec::new(),
            submit_timestamp: Some(1_740_638_717),
            start_timestamp: None,
            end_timestamp: None,
            build_platform: Some(platform("linux64")),
            machine_platform: Some(platform("linux64")),
            taskcluster_task_id: None,
            taskcluster_retry_id: None,
        },
    }
}

/// A Linux platform.
pub(crate) fn platform(name: &str) -> Platform {
    Platform { platform: name.to_owned(), os_name: "linux".to_owned(), architecture: "x86_64".to_owned() }
}

/// A log that is to be parsed.
pub(crate) fn log(name: &str, url: &str) -> LogReference {
    LogReference { name: name.to_owned(), url: url.to_owned(), parse_status: "pending".to_owned() }
}

/// The lives of some jobs: three messages each, the last one with two logs.
pub(crate) fn lives(jobs: usize) -> Vec<LoadedJob> {
    let mut messages = Vec::new();
    for number in 0..jobs {
        for state in ["pending", "running", "completed"] {
            let mut message = loaded(&format!("job-{number:05}/0"), state);
            message.job.name = format!("type {}", number % 17);
            message.job.machine =
                if state == "pending" { "unknown".to_owned() } else { format!("worker-{}", number % 7) };
            message.job.taskcluster_task_id = Some(format!("task-{number}"));
            message.job.taskcluster_retry_id = Some(0);
            if state == "completed" {
                message.job.log_references = vec![
                    log("live_backing_log", &format!("https://example.com/{number}/log")),
                    log("errorsummary_json", &format!("https://example.com/{number}/summary")),
                ];
            }
            messages.push(message);
        }
    }
    messages
}
