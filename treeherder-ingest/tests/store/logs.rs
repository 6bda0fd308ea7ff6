//! What the parsers of logs read and write.

use sea_orm::EntityTrait as _;
use treeherder_ingest::job::LogStatus;
use treeherder_ingest::store::entity::job_log;
use treeherder_ingest::store::{StoreError, logs::set_log_status};

use crate::messages::{REVISION, lives, loaded, store_with_push};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    a_parser_gets_the_job_with_what_belongs_to_it,
    only_logs_of_the_job_are_returned,
    a_status_is_set_with_what_was_parsed_or_not_at_all,
);

async fn a_parser_gets_the_job_with_what_belongs_to_it(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut message = loaded("a/0", "completed");
    message.job.taskcluster_task_id = Some("AI3Nrr3gSDSpZ9E9aBA3rg".to_owned());
    message.job.taskcluster_retry_id = Some(2);
    message.job.tier = 2;
    let outcomes = test.store.store_jobs(&[message, loaded("b/0", "running")]).await.unwrap();
    let job = test.store.log_job(outcomes[0].job_id.unwrap()).await.unwrap();
    assert_eq!((job.guid.as_str(), job.repository_id, job.repository.as_str()), ("a/0", 77, "autoland"));
    assert_eq!(job.tc_root_url, "https://firefox-ci-tc.services.mozilla.com");
    assert_eq!((job.push_revision.as_str(), job.push_time.timestamp()), (REVISION, 1_740_638_000));
    assert_eq!((job.state.as_str(), job.result.as_str(), job.tier), ("completed", "success", 2));
    assert_eq!((job.submit_time.timestamp(), job.failure_classification_id), (1_740_638_717, 1));
    assert_eq!(job.option_collection_hash, "102210fe594ee9b33d82058545b1ed14f4c8206e");
    assert_eq!(
        (job.machine_platform.as_str(), job.job_type_name.as_str()),
        ("linux64", "test-linux1804-64/opt-mochitest-1")
    );
    assert_eq!((job.task_id.as_deref(), job.run_id), (Some("AI3Nrr3gSDSpZ9E9aBA3rg"), Some(2)));
    let without_task = test.store.log_job(outcomes[1].job_id.unwrap()).await.unwrap();
    assert_eq!((without_task.task_id, without_task.run_id), (None, None));
    let error = test.store.log_job(987_654_321).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "job", .. }) && !error.is_permanent(), "{error:?}");
}

async fn stored_lives(backend: Backend) -> Option<(TestStore, Vec<i64>, Vec<Vec<i32>>)> {
    let test = store_with_push(backend).await?;
    let outcomes = test.store.store_jobs(&lives(2)).await.unwrap();
    let completed = [&outcomes[2], &outcomes[5]];
    let jobs = completed.iter().map(|outcome| outcome.job_id.unwrap()).collect();
    let logs = completed.iter().map(|outcome| outcome.logs.iter().map(|log| log.id).collect()).collect();
    Some((test, jobs, logs))
}

async fn only_logs_of_the_job_are_returned(backend: Backend) {
    let Some((test, jobs, logs)) = stored_lives(backend).await else { return };
    let asked = [logs[0][1], logs[1][0], logs[0][1], 987_654];
    let found: Vec<_> =
        test.store.job_logs(jobs[0], &asked).await.unwrap().iter().map(|log| log.id).collect();
    assert_eq!(found, [logs[0][1]]);
    assert_eq!(test.store.job_logs(jobs[0], &[]).await.unwrap(), []);
    let all = test.store.all_job_logs(jobs[1]).await.unwrap();
    let names: Vec<_> = all.iter().map(|log| log.name.as_str()).collect();
    assert_eq!(names, ["live_backing_log", "errorsummary_json"]);
}

async fn a_status_is_set_with_what_was_parsed_or_not_at_all(backend: Backend) {
    let Some((test, _, logs)) = stored_lives(backend).await else { return };
    let status = async |id: i32| {
        job_log::Entity::find_by_id(id).one(test.store.connection()).await.unwrap().unwrap().status
    };
    test.store.set_log_status(logs[0][0], LogStatus::Parsed).await.unwrap();
    let transaction = test.store.begin_write().await.unwrap();
    set_log_status(&transaction, logs[0][1], LogStatus::Failed).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!((status(logs[0][0]).await, status(logs[0][1]).await, status(logs[1][0]).await), (1, 0, 0));
    let error = test.store.set_log_status(987_654, LogStatus::Parsed).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "job log", .. }), "{error:?}");
}
