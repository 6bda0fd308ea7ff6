//! Real job messages, when they are there, load into rows with exactly their values.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use treeherder_ingest::job::{LoadedJob, LogStatus};
use treeherder_ingest::store::entity::{
    build_platform, job_group, job_log, job_type, machine, machine_platform, option, option_collection,
    product, push, reference_data_signatures, taskcluster_metadata,
};

use crate::messages::store_push;
use crate::rows::row;
use crate::support::database::{Backend, TestStore};

on_every_database!(real_jobs_load_into_rows_with_exactly_their_values,);

async fn real_jobs_load_into_rows_with_exactly_their_values(backend: Backend) {
    let folder = std::env::var("TREEHERDER_CONFORMANCE_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance").to_owned());
    let Ok(json) = std::fs::read_to_string(format!("{folder}/pulse/expected_loaded_jobs.json")) else {
        println!("skipped: no conformance data in {folder}");
        return;
    };
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut messages: Vec<LoadedJob> = serde_json::from_str(&json).unwrap();
    assert_eq!(messages.len(), 15);
    for message in &mut messages {
        message.repository = "autoland".to_owned();
        store_push(&test.store, &message.revision).await;
    }
    let outcomes = test.store.store_jobs(&messages).await.unwrap();
    for (message, outcome) in messages.iter().zip(&outcomes) {
        assert!(outcome.status.is_stored(), "{outcome:?}");
        assert_stored(&test, message).await;
    }
}

async fn assert_stored(test: &TestStore, message: &LoadedJob) {
    let loaded = &message.job;
    let connection = test.store.connection();
    let stored = row(test, &loaded.job_guid).await;
    let time = |seconds: Option<i64>| seconds.unwrap_or_default();
    assert_eq!(
        (&stored.state, &stored.result, &stored.who, &stored.reason, i64::from(stored.tier)),
        (&loaded.state, &loaded.result, &loaded.who, &loaded.reason, loaded.tier)
    );
    assert_eq!(
        [stored.submit_time, stored.start_time, stored.end_time].map(|time| time.timestamp()),
        [loaded.submit_timestamp, loaded.start_timestamp, loaded.end_timestamp].map(time)
    );
    macro_rules! referred {
        ($table:ident, $id:expr) => {
            $table::Entity::find_by_id($id).one(connection).await.unwrap().unwrap()
        };
    }
    assert_eq!(referred!(push, stored.push_id).revision, message.revision);
    let kind = referred!(job_type, stored.job_type_id);
    assert_eq!((&kind.name, &kind.symbol), (&loaded.name, &loaded.job_symbol));
    let group = referred!(job_group, stored.job_group_id);
    assert_eq!((&group.name, &group.symbol), (&loaded.group_name, &loaded.group_symbol));
    assert_eq!(referred!(machine, stored.machine_id).name, loaded.machine);
    assert_eq!(referred!(product, stored.product_id).name, loaded.product_name);
    let build = referred!(build_platform, stored.build_platform_id);
    let wanted = loaded.build_platform.as_ref().unwrap();
    assert_eq!(
        (&build.platform, &build.os_name, &build.architecture),
        (&wanted.platform, &wanted.os_name, &wanted.architecture)
    );
    let ran_on = referred!(machine_platform, stored.machine_platform_id);
    let wanted = loaded.machine_platform.as_ref().unwrap();
    assert_eq!(
        (&ran_on.platform, &ran_on.os_name, &ran_on.architecture),
        (&wanted.platform, &wanted.os_name, &wanted.architecture)
    );
    let mut options = Vec::new();
    for member in option_collection::Entity::find()
        .filter(option_collection::Column::OptionCollectionHash.eq(&stored.option_collection_hash))
        .all(connection)
        .await
        .unwrap()
    {
        options.push(referred!(option, member.option_id).name);
    }
    options.sort();
    let mut wanted: Vec<_> = loaded.option_collection.keys().cloned().collect();
    wanted.sort();
    assert_eq!(options, wanted);
    assert_eq!(referred!(reference_data_signatures, stored.signature_id).repository, "autoland");
    let task = referred!(taskcluster_metadata, stored.id);
    assert_eq!(Some(&task.task_id), loaded.taskcluster_task_id.as_ref());
    assert_eq!(Some(i64::from(task.retry_id)), loaded.taskcluster_retry_id);
    let logs: Vec<_> = job_log::Entity::find()
        .filter(job_log::Column::JobId.eq(stored.id))
        .order_by_asc(job_log::Column::Id)
        .all(connection)
        .await
        .unwrap()
        .into_iter()
        .map(|log| (log.name, log.url, log.status))
        .collect();
    let wanted: Vec<_> = loaded
        .log_references
        .iter()
        .chain(&loaded.perfherder_data_references)
        .map(|log| (log.name.clone(), log.url.clone(), LogStatus::from_text(&log.parse_status).code()))
        .collect();
    assert_eq!(logs, wanted);
}
