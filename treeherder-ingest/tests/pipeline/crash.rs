//! Processes that die: whatever was done and not acknowledged is done again, and the rows are the same.

use std::time::Duration;

use treeherder_ingest::queue::Queue as _;
use treeherder_testdata::standin::StandIn;

use crate::harness::{Harness, Running, every_queue, options};
use crate::support::database::{Backend, TestStore};
use crate::whole::{assert_as_expected, deliveries, stand_in, upstream, urls};

/// How often the process dies.
const LIVES: u32 = 10;

/// Starts over on the same database, as a new process does.
async fn restart(database: TestStore, stand_in: &StandIn) -> Harness {
    let mut options = options();
    // A message in hand when its process dies has had an attempt; here some have to survive every life.
    options.worker.retries.max_retries = 2 * LIVES;
    let harness = Harness::over(database.reopened().await, options, Some(upstream(stand_in)));
    harness.queue.reclaim(true).await.unwrap();
    harness
}

#[test]
fn work_that_dies_at_any_moment_is_done_again() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outer = runtime();
    let stand_in = outer.block_on(stand_in());
    let mut database = outer.block_on(TestStore::seeded(Backend::Sqlite)).unwrap();
    let mut messages = Some(deliveries(stand_in.scenario().messages(&urls(&stand_in))));

    for life in 0..LIVES {
        // Each life has a runtime of its own that ends without warning: no task of it finishes.
        let inner = runtime();
        database = inner.block_on(async {
            let harness = restart(database, &stand_in).await;
            if let Some(messages) = messages.take() {
                harness.listen(messages).await;
            }
            let running: Running = harness.start();
            tokio::time::sleep(Duration::from_millis(30 + 30 * u64::from(life))).await;
            drop(running);
            harness.database
        });
        inner.shutdown_background();
    }

    outer.block_on(async {
        let harness = restart(database, &stand_in).await;
        harness.work().await;
        assert_as_expected(&harness, &stand_in.scenario().expected()).await;
        assert_eq!(harness.unfinished().await, 0);
    });
}

/// Between the commit of the jobs and the publication of the items that parse their logs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_stored_without_its_parse_items_gets_them_at_the_next_delivery() {
    let stand_in = stand_in().await;
    let harness = Harness::new(Backend::Sqlite, options(), Some(upstream(&stand_in))).await.unwrap();
    harness.listen(deliveries(stand_in.scenario().messages(&urls(&stand_in)))).await;
    // Pushes first, then the jobs alone: the items are lost with the queue.
    let stores = [
        treeherder_ingest::queue::QueueName::StorePulsePushes,
        treeherder_ingest::queue::QueueName::StorePulseTasks,
    ];
    for queue in stores {
        let stop = tokio_util::sync::CancellationToken::new();
        let (pipeline, stopped) = (harness.pipeline.clone(), stop.clone());
        let task = tokio::spawn(async move { pipeline.run(&[queue], stopped).await });
        harness.pipeline.drained(&[queue], true).await.unwrap();
        stop.cancel();
        task.await.unwrap();
    }
    let parse_queues: Vec<_> = every_queue().into_iter().filter(|queue| !stores.contains(queue)).collect();
    loop {
        let lost = harness.queue.claim(&parse_queues, 1000, Duration::from_secs(60)).await.unwrap();
        if lost.is_empty() {
            break;
        }
        let receipts: Vec<_> = lost.iter().map(|delivery| delivery.receipt).collect();
        harness.queue.ack(&receipts).await.unwrap();
    }
    assert!(harness.contents().await["error line"].is_empty());

    harness.listen(deliveries(stand_in.scenario().messages(&urls(&stand_in)))).await;
    harness.work().await;
    assert_as_expected(&harness, &stand_in.scenario().expected()).await;
}
