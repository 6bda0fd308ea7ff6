//! Batches of job messages: twice, shuffled, large, from several processes at once.

use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use treeherder_ingest::store::entity::{
    job, job_type, machine, reference_data_signatures, taskcluster_metadata,
};
use treeherder_ingest::store::{JobStatus, Store};

use crate::messages::{lives, loaded, log, store_with_push};
use crate::rows::{logs, row, statuses};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    the_same_batch_twice_gives_the_same_rows,
    any_order_of_messages_ends_with_the_completed_jobs,
    reference_rows_deleted_by_another_process_are_made_again,
    concurrent_writers_agree,
    a_job_that_another_process_completes_meanwhile_stays_completed,
    a_large_batch_is_stored_whole,
);

/// Everything about jobs that storing decides, without ids and times of storing.
async fn contents(test: &TestStore) -> Vec<String> {
    let sql = "SELECT j.guid || ' ' || j.state || ' ' || j.result || ' ' || j.who || ' ' || t.name || ' ' || m.name \
               || ' ' || s.signature || ' ' || COALESCE(x.task_id, '-') || ' ' || COALESCE(l.name || l.url, '-') \
               FROM job j JOIN job_type t ON t.id = j.job_type_id JOIN machine m ON m.id = j.machine_id \
               JOIN reference_data_signatures s ON s.id = j.signature_id \
               LEFT JOIN taskcluster_metadata x ON x.job_id = j.id LEFT JOIN job_log l ON l.job_id = j.id";
    let statement = sea_orm::Statement::from_string(test.store.backend(), sql);
    let rows = test.store.connection().query_all_raw(statement).await.unwrap();
    let mut rows: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    rows.sort();
    rows
}

async fn the_same_batch_twice_gives_the_same_rows(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let batch = lives(40);
    statuses(&test, &batch).await;
    let first = contents(&test).await;
    assert_eq!(first.len(), 80);
    let again = statuses(&test, &batch).await;
    assert!(again.iter().all(|status| *status == JobStatus::Ignored));
    assert_eq!(contents(&test).await, first);
}

async fn any_order_of_messages_ends_with_the_completed_jobs(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let batch = lives(40);
    statuses(&test, &batch).await;
    let expected = contents(&test).await;
    for seed in 1..=3_u64 {
        let Some(other) = store_with_push(backend).await else { return };
        let mut shuffled = batch.clone();
        // A fixed shuffle, so that a failure can be repeated.
        shuffled.sort_by_cached_key(|message| {
            let text = format!("{seed}{}{}", message.job.job_guid, message.job.state);
            text.bytes().fold(seed, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
            })
        });
        for part in shuffled.chunks(25) {
            statuses(&other, part).await;
        }
        assert_eq!(contents(&other).await, expected);
    }
}

async fn reference_rows_deleted_by_another_process_are_made_again(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    statuses(&test, &[loaded("a/0", "pending")]).await;
    let other_process = Store::connect(&test.url, 1).await.unwrap();
    for sql in [
        "DELETE FROM job",
        "DELETE FROM machine",
        "DELETE FROM job_type",
        "DELETE FROM reference_data_signatures",
    ] {
        other_process.connection().execute_unprepared(sql).await.unwrap();
    }
    assert_eq!(statuses(&test, &[loaded("a/0", "running")]).await, [JobStatus::Created]);
    assert_eq!(row(&test, "a/0").await.machine_id, all!(test, machine)[0].id);
}

async fn concurrent_writers_agree(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let batch = lives(30);
    let mut writers = Vec::new();
    for writer in 0..6 {
        // Each as a process of its own, with its own memory of ids.
        let store = Store::connect(&test.url, 2).await.unwrap();
        let mut messages = batch.clone();
        messages.rotate_left(writer * 7);
        writers.push(tokio::spawn(async move {
            for part in messages.chunks(11) {
                store.store_jobs(part).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let jobs = all!(test, job);
    assert_eq!(jobs.len(), 30);
    assert!(jobs.iter().all(|job| job.state == "completed"));
    assert_eq!(logs(&test).await.len(), 60);
    assert_eq!(all!(test, job_type).len(), 17);
    assert_eq!(all!(test, reference_data_signatures).len(), 17);
    let tasks = taskcluster_metadata::Entity::find().all(test.store.connection()).await.unwrap();
    assert_eq!(tasks.len(), 30);
}

async fn a_job_that_another_process_completes_meanwhile_stays_completed(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    statuses(&test, &[loaded("hidden/0", "completed")]).await;
    // Until the commit nobody else sees that the guid is taken.
    let transaction = test.store.begin_write().await.unwrap();
    transaction.execute_unprepared("UPDATE job SET guid = 'a/0'").await.unwrap();
    let store = test.store.clone();
    let meanwhile = tokio::spawn(async move {
        let mut message = loaded("a/0", "running");
        message.job.log_references = vec![log("live_backing_log", "https://example.com/log")];
        store.store_jobs(&[loaded("b/0", "running"), message]).await.unwrap()
    });
    // On PostgreSQL the other task now waits in its insert; if it is not there yet, the outcome is the same.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    transaction.commit().await.unwrap();
    let outcomes = meanwhile.await.unwrap();
    assert_eq!((&outcomes[0].status, &outcomes[1].status), (&JobStatus::Created, &JobStatus::Ignored));
    assert_eq!((outcomes[1].state.as_str(), outcomes[1].result.as_str()), ("completed", "success"));
    assert_eq!(outcomes[1].job_id, Some(row(&test, "a/0").await.id));
    assert_eq!(row(&test, "a/0").await.state, "completed");
    assert_eq!(logs(&test).await, []);
}

async fn a_large_batch_is_stored_whole(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut batch = lives(1100);
    for (position, message) in batch.iter_mut().enumerate() {
        message.job.machine = format!("worker-{position}");
    }
    let outcomes = test.store.store_jobs(&batch).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.status.is_stored()));
    assert_eq!(all!(test, job).len(), 1100);
    assert_eq!(logs(&test).await.len(), 2200);
}
