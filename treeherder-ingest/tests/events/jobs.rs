//! Job messages for tests.

use treeherder_ingest::job::{JobData, LoadedJob, Platform};

/// A completed job of autoland.
pub(crate) fn loaded(guid: &str, revision: &str, result: &str) -> LoadedJob {
    let platform = Platform {
        platform: "linux64".to_owned(),
        os_name: "linux".to_owned(),
        architecture: "x86_64".to_owned(),
    };
    LoadedJob {
        repository: "autoland".to_owned(),
        revision: revision.to_owned(),
        superseded: Vec::new(),
        job: JobData {
            job_guid: guid.to_owned(),
            name: "test-linux64/opt-mochitest-1".to_owned(),
            job_symbol: "1".to_owned(),
            group_name: "Mochitests".to_owned(),
            group_symbol: "M".to_owned(),
            product_name: "firefox".to_owned(),
            state: "completed".to_owned(),
            result: result.to_owned(),
            reason: "scheduled".to_owned(),
            who: "ana@example.com".to_owned(),
            build_system_type: "taskcluster".to_owned(),
            tier: 1,
            machine: "worker-1".to_owned(),
            option_collection: [("opt".to_owned(), true)].into_iter().collect(),
            log_references: Vec::new(),
            perfherder_data_references: Vec::new(),
            submit_timestamp: Some(1_740_638_100),
            start_timestamp: Some(1_740_638_200),
            end_timestamp: Some(1_740_638_300),
            build_platform: Some(platform.clone()),
            machine_platform: Some(platform),
            taskcluster_task_id: None,
            taskcluster_retry_id: None,
        },
    }
}
