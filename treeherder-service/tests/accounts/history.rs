//! A push with three failed jobs, stored past the program.

use indexmap::IndexMap;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::Value;
use treeherder_ingest::job::{JobData, LoadedJob, LogReference, Platform};
use treeherder_ingest::push::LoadedPush;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::event;
use treeherder_ingest::store::failures::ErrorLine;

use crate::support::Place;

/// Head of the push.
pub(crate) const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";
/// Type of the jobs.
pub(crate) const JOB_TYPE: &str = "test-linux1804-64/opt-mochitest-1";
/// What failed in each of them.
pub(crate) const LINE: &str = "TEST-UNEXPECTED-FAIL | dom/tests/test_foo.html | boom";

/// Stores them in a new data folder and returns the ids of the jobs.
pub(crate) async fn stored(place: &Place) -> Vec<i64> {
    place.text(&["migrate"]);
    let store = store(place).await;
    let push = LoadedPush {
        revision: REVISION.to_owned(),
        push_timestamp: 1_740_638_000.0,
        author: "ana@example.com".to_owned(),
        revisions: Vec::new(),
        branch: None,
    };
    store.store_push(77, &push).await.unwrap();
    let mut ids = Vec::new();
    for number in 0..3 {
        let outcome = store.store_jobs(&[job(number)]).await.unwrap().remove(0);
        let id = outcome.job_id.unwrap();
        let line = ErrorLine { line_number: 12, line: LINE.to_owned() };
        store.store_parsed_log(id, outcome.logs[0].id, &[line]).await.unwrap();
        ids.push(id);
    }
    ids
}

/// The database of a data folder.
pub(crate) async fn store(place: &Place) -> Store {
    let url = format!("sqlite://{}?mode=rwc", place.file("treeherder.sqlite").display());
    Store::connect(&url, 1).await.unwrap()
}

fn job(number: usize) -> LoadedJob {
    let platform =
        || Platform { platform: "linux64".into(), os_name: "linux".into(), architecture: "x86_64".into() };
    LoadedJob {
        repository: "autoland".to_owned(),
        revision: REVISION.to_owned(),
        superseded: Vec::new(),
        job: JobData {
            job_guid: format!("job{number}/0"),
            name: JOB_TYPE.to_owned(),
            job_symbol: "1".to_owned(),
            group_name: "Mochitests".to_owned(),
            group_symbol: "M".to_owned(),
            product_name: "firefox".to_owned(),
            state: "completed".to_owned(),
            result: "testfailed".to_owned(),
            reason: "scheduled".to_owned(),
            who: "ana@example.com".to_owned(),
            build_system_type: "taskcluster".to_owned(),
            tier: 1,
            machine: "worker-1".to_owned(),
            option_collection: IndexMap::from([("opt".to_owned(), true)]),
            log_references: vec![LogReference {
                name: "live_backing_log".into(),
                url: format!("https://example.com/{number}"),
                parse_status: "pending".into(),
            }],
            perfherder_data_references: Vec::new(),
            submit_timestamp: Some(chrono::Utc::now().timestamp()),
            start_timestamp: None,
            end_timestamp: None,
            build_platform: Some(platform()),
            machine_platform: Some(platform()),
            taskcluster_task_id: None,
            taskcluster_retry_id: None,
        },
    }
}

/// What live readers were told about classifications.
pub(crate) async fn events(place: &Place) -> Vec<Value> {
    let rows = event::Entity::find()
        .filter(event::Column::Name.eq("job_classification"))
        .order_by_asc(event::Column::Id)
        .all(store(place).await.connection())
        .await
        .unwrap();
    rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect()
}
