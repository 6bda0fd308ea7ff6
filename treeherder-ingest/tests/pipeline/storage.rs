//! A database that takes nothing for a while: the error says why, the work waits, and nothing is lost.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait as _, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::queue::{Message, Queue as _, QueueName};
use treeherder_ingest::store::Store;
use treeherder_testdata::standin::StandIn;

use crate::harness::{Harness, REVISION, options};
use crate::support::database::{Backend, TestStore};
use crate::whole::{assert_as_expected, deliveries, stand_in, upstream, urls};

/// Long enough for the pipeline to run against the wall; no assertion depends on it.
const A_WHILE: Duration = Duration::from_millis(300);

/// A pipeline with a single connection, so that what a test sets for that one is set for all.
async fn harness_of(stand_in: &StandIn) -> Harness {
    let database = TestStore::seeded(Backend::Sqlite).await.unwrap().over_connections(1).await;
    Harness::over(database, options(), Some(upstream(stand_in)))
}

async fn execute(harness: &Harness, sql: &str) -> Result<(), sea_orm::DbErr> {
    harness.store.connection().execute_unprepared(sql).await.map(|_| ())
}

async fn number(harness: &Harness, sql: &str) -> i64 {
    let statement = Statement::from_string(harness.store.backend(), sql);
    let row = harness.store.connection().query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Stores a push of a megabyte, whose error must tell `reason` and that it may pass.
async fn assert_refused(harness: &Harness, reason: &str) {
    let autoland = harness.store.repository_by_name("autoland").await.unwrap().unwrap();
    let commit = |number: usize| Revision {
        revision: format!("{number:040x}"),
        author: "ana@example.com".to_owned(),
        comment: "because ".repeat(1_000),
    };
    let push = LoadedPush {
        revision: REVISION.to_owned(),
        push_timestamp: 1_740_638_000.0,
        author: "ana@example.com".to_owned(),
        revisions: (0..128).map(commit).collect(),
        branch: None,
    };
    let error = harness.store.store_push(autoland.id, &push).await.unwrap_err();
    assert!(error.is_busy() && !error.is_permanent(), "{error:?}");
    assert!(error.to_string().contains(reason), "{error}");
    let message = Message::new(QueueName::StorePulseTasks, "x".repeat(1 << 20));
    let error = harness.queue.publish(&[message]).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains(reason), "{error}");
}

/// Compares with what was to come, dead letters included.
async fn assert_nothing_lost(harness: &Harness, stand_in: &StandIn) {
    let expected = stand_in.scenario().expected();
    assert_as_expected(harness, &expected).await;
    assert_eq!(harness.unfinished().await, 0);
    let dead = harness.dead_letters().await;
    // Beside broken messages: summaries that are none, and one damaged log.
    assert_eq!(dead.len() as u64, expected.dead_letters + expected.summaries_invalid + 1, "{dead:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_work_until_there_is_room() {
    let stand_in = stand_in().await;
    let harness = harness_of(&stand_in).await;
    harness.listen(deliveries(stand_in.scenario().messages(&urls(&stand_in)))).await;

    execute(&harness, "CREATE TABLE filler (piece BLOB)").await.unwrap();
    let pages = number(&harness, "PRAGMA page_count").await;
    execute(&harness, &format!("PRAGMA max_page_count = {pages}")).await.unwrap();
    while execute(&harness, "INSERT INTO filler VALUES (zeroblob(2000))").await.is_ok() {}
    assert_refused(&harness, "database or disk is full").await;

    let running = harness.start();
    tokio::time::sleep(A_WHILE).await;
    assert!(harness.unfinished().await > 0);
    execute(&harness, "PRAGMA max_page_count = 1000000").await.unwrap();
    harness.pipeline.drained(&crate::harness::every_queue(), true).await.unwrap();
    running.stop().await;
    assert_nothing_lost(&harness, &stand_in).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_stops_listening_and_work_until_it_is_free() {
    let stand_in = stand_in().await;
    let harness = harness_of(&stand_in).await;
    // Otherwise SQLite itself would wait.
    execute(&harness, "PRAGMA busy_timeout = 0").await.unwrap();
    // As another process does: within one, everybody would wait for this writer's turn to end.
    let other = Store::connect(&harness.database.url, 1).await.unwrap();
    let lock = || async {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        other.connection().begin_with_options(options).await.unwrap()
    };

    let locked = lock().await;
    assert_refused(&harness, "database is locked").await;
    let listening = harness.listen(deliveries(stand_in.scenario().messages(&urls(&stand_in))));
    let unlocking = async {
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(harness.unfinished().await, 0);
        locked.rollback().await.unwrap();
    };
    let (listened, ()) = tokio::join!(listening, unlocking);
    assert_eq!(listened.given_back, 0);

    let locked = lock().await;
    let running = harness.start();
    tokio::time::sleep(A_WHILE).await;
    assert!(harness.contents().await["push"].is_empty());
    locked.rollback().await.unwrap();
    harness.pipeline.drained(&crate::harness::every_queue(), true).await.unwrap();
    running.stop().await;
    assert_nothing_lost(&harness, &stand_in).await;
}
