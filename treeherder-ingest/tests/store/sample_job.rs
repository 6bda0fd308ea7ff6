//! A stored job for tests that need one, made row by row.

use chrono::DateTime;
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::store::entity::{
    build_platform, job, job_group, job_log, job_type, machine, machine_platform, option, option_collection,
    product, reference_data_signatures, taskcluster_metadata,
};
use treeherder_ingest::store::{NOT_CLASSIFIED, Store};

/// mozilla-central of the seed data.
pub(crate) const REPOSITORY: i32 = 1;
/// try of the seed data.
pub(crate) const TRY: i32 = 4;
/// Head commit of the push.
pub(crate) const REVISION: &str = "0123456789012345678901234567890123456789";
/// The option collection `opt`.
pub(crate) const OPT: &str = "102210fe594ee9b33d82058545b1ed14f4c8206e";

/// What a test asks of its job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) repository_id: i32,
    pub(crate) revision: &'a str,
    pub(crate) push_time: f64,
    pub(crate) number: i64,
    pub(crate) tier: i32,
    pub(crate) task_id: Option<&'a str>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self {
            repository_id: REPOSITORY,
            revision: REVISION,
            push_time: 1_700_000_000.0,
            number: 0,
            tier: 1,
            task_id: Some("Aaaaaaaaaaaaaaaaaaaaaa"),
        }
    }
}

/// A stored job.
#[derive(Clone, Debug)]
pub(crate) struct SampleJob {
    pub(crate) id: i64,
    pub(crate) guid: String,
    pub(crate) repository_id: i32,
    pub(crate) push_id: i32,
    /// Its error summary.
    pub(crate) log_id: i32,
}

impl SampleJob {
    /// Stores the usual job.
    pub(crate) async fn store(store: &Store) -> Self {
        Self::store_as(store, Wish::default()).await
    }

    /// Stores a job as wished; reference rows are made by the first one.
    pub(crate) async fn store_as(store: &Store, wish: Wish<'_>) -> Self {
        if job_type::Entity::find().one(store.connection()).await.unwrap().is_none() {
            reference_rows(store).await;
        }
        let push = LoadedPush {
            revision: wish.revision.to_owned(),
            push_timestamp: wish.push_time,
            author: "ana@example.com".to_owned(),
            revisions: vec![Revision {
                revision: wish.revision.to_owned(),
                author: "Ana <ana@example.com>".to_owned(),
                comment: "Bug 1".to_owned(),
            }],
            branch: None,
        };
        let push_id = store.store_push(wish.repository_id, &push).await.unwrap();
        let guid = format!("00000000-0000-4000-8000-{:012}/0", wish.number);
        let time = DateTime::from_timestamp(1_700_000_100, 0).unwrap();
        let connection = store.connection();
        let job = job::ActiveModel {
            repository_id: Set(wish.repository_id),
            guid: Set(guid.clone()),
            autoclassify_status: Set(0),
            signature_id: Set(1),
            build_platform_id: Set(1),
            machine_platform_id: Set(1),
            machine_id: Set(1),
            option_collection_hash: Set(OPT.to_owned()),
            job_type_id: Set(1),
            job_group_id: Set(1),
            product_id: Set(1),
            failure_classification_id: Set(NOT_CLASSIFIED),
            who: Set("ana@example.com".to_owned()),
            reason: Set("scheduled".to_owned()),
            result: Set("testfailed".to_owned()),
            state: Set("completed".to_owned()),
            submit_time: Set(time),
            start_time: Set(time),
            end_time: Set(time),
            last_modified: Set(time),
            tier: Set(wish.tier),
            push_id: Set(push_id),
            ..Default::default()
        };
        let id = job::Entity::insert(job).exec(connection).await.unwrap().last_insert_id;
        let log = job_log::ActiveModel {
            job_id: Set(id),
            name: Set("errorsummary_json".to_owned()),
            url: Set("https://tc.example/errorsummary.log".to_owned()),
            status: Set(0),
            ..Default::default()
        };
        let log_id = job_log::Entity::insert(log).exec(connection).await.unwrap().last_insert_id;
        if let Some(task_id) = wish.task_id {
            let metadata = taskcluster_metadata::ActiveModel {
                job_id: Set(id),
                task_id: Set(task_id.to_owned()),
                retry_id: Set(0),
            };
            taskcluster_metadata::Entity::insert(metadata).exec_without_returning(connection).await.unwrap();
        }
        Self { id, guid, repository_id: wish.repository_id, push_id, log_id }
    }
}

async fn reference_rows(store: &Store) {
    macro_rules! insert {
        ($table:ident { $($column:ident: $value:expr),* $(,)? }) => {
            $table::Entity::insert($table::ActiveModel { $($column: Set($value.into()),)* ..Default::default() })
                .exec_without_returning(store.connection())
                .await
                .unwrap();
        };
    }
    insert!(machine { name: "worker-1" });
    insert!(product { name: "firefox" });
    insert!(job_group { symbol: "M", name: "Mochitests", description: "" });
    insert!(job_type { symbol: "1", name: "test-linux64/opt-mochitest-1", description: "" });
    insert!(build_platform { os_name: "linux", platform: "linux64", architecture: "x86_64" });
    insert!(machine_platform { os_name: "linux", platform: "linux64", architecture: "x86_64" });
    insert!(option { name: "opt" });
    insert!(option_collection { option_collection_hash: OPT, option_id: 1 });
    insert!(reference_data_signatures {
        name: "s",
        signature: "s",
        build_os_name: "linux",
        build_platform: "linux64",
        build_architecture: "x86_64",
        machine_os_name: "linux",
        machine_platform: "linux64",
        machine_architecture: "x86_64",
        job_group_name: "Mochitests",
        job_group_symbol: "M",
        job_type_name: "test-linux64/opt-mochitest-1",
        job_type_symbol: "1",
        option_collection_hash: OPT,
        build_system_type: "taskcluster",
        repository: "mozilla-central",
        first_submission_timestamp: 0,
    });
}
