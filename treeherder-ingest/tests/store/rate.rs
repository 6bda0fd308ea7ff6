//! How many jobs a second are stored. Measures and prints, asserts only the rows:
//! `cargo test --release -p treeherder-ingest --test store rate -- --ignored --nocapture --test-threads 1`.

use std::time::Instant;

use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use treeherder_ingest::store::entity::job;

use crate::messages::{lives, store_with_push};
use crate::support::database::Backend;

async fn measure(backend: Backend, batch: usize, jobs: usize) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut messages = lives(jobs);
    // In the order of a busy day: all pending, then all running, then all completed.
    messages.sort_by_key(|message| match message.job.state.as_str() {
        "pending" => 0,
        "running" => 1,
        _ => 2,
    });
    let started = Instant::now();
    for part in messages.chunks(batch) {
        test.store.store_jobs(part).await.unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    let stored = job::Entity::find().count(test.store.connection()).await.unwrap();
    assert_eq!(stored, jobs as u64);
    println!("{backend:?}, batches of {batch}: {:.0} messages/s", messages.len() as f64 / seconds);
}

async fn measure_all(backend: Backend) {
    for (batch, jobs) in [(1, 200), (10, 1000), (100, 4000), (1000, 4000)] {
        measure(backend, batch, jobs).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn rate_on_sqlite() {
    measure_all(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn rate_on_postgres() {
    measure_all(Backend::Postgres).await;
}
