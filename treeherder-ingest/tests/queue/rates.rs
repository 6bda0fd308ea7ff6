//! Rates of the SQL queue, for the README's table: ignored by default, meaningful in release only.
//!
//! `cargo test --release -p treeherder-ingest --test queue rates -- --ignored --nocapture`

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::pipeline::PulseTask;
use treeherder_ingest::queue::{
    Delivery, Handler, Message, Outcome, PoolOptions, QueueName, Worker, WorkerOptions,
};

use crate::backend::{Backend, Postgres, Sqlite};

const MESSAGES: usize = 100_000;
const BATCH: usize = 100;
const TASKS: QueueName = QueueName::StorePulseTasks;

struct Nothing;

#[async_trait]
impl Handler for Nothing {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome> {
        vec![Outcome::Done; batch.len()]
    }
}

fn report(what: &str, start: Instant) {
    println!("{what}: {:.0} messages/s", MESSAGES as f64 / start.elapsed().as_secs_f64());
}

async fn measure<B: Backend>(name: &str) {
    let Some(backend) = B::start().await else { return };
    let queue = backend.open("rates").await;
    let slug = "DkY1dUQmRrO4yBgb7Ga6_A";
    let body =
        json!({"status": {"taskId": slug, "runs": [{"runId": 0, "state": "running"}]}, "workerId": slug});
    let message = PulseTask::Tasks.message(
        &body.to_string(),
        "exchange/taskcluster-queue/v1/task-running",
        &format!("primary.{slug}.0.us-east-1.{slug}.proj-mozci.x.-._"),
        "https://firefox-ci-tc.services.mozilla.com",
    );
    let batch: Vec<Message> = vec![message; BATCH];

    for round in ["publish, empty table", "publish, full table"] {
        let start = Instant::now();
        for _ in 0..MESSAGES / BATCH {
            queue.publish(&batch).await.unwrap();
        }
        report(&format!("{name}: {round}"), start);
    }

    let start = Instant::now();
    for _ in 0..MESSAGES / BATCH {
        let claimed = queue.claim(&[TASKS], BATCH, Duration::from_secs(60)).await.unwrap();
        assert_eq!(claimed.len(), BATCH);
        let receipts: Vec<_> = claimed.iter().map(|delivery| delivery.receipt).collect();
        assert_eq!(queue.ack(&receipts).await.unwrap(), BATCH);
    }
    report(&format!("{name}: claim and ack"), start);

    let worker = Worker::new(Arc::clone(&queue), WorkerOptions::default());
    let worker = worker.serve(TASKS, PoolOptions::of(TASKS).with_batch(BATCH), Arc::new(Nothing));
    let (statistics, stop) = (worker.statistics(), CancellationToken::new());
    let start = Instant::now();
    let running = tokio::spawn(worker.run(stop.clone()));
    while statistics.snapshot()[TASKS as usize].done < MESSAGES as u64 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    report(&format!("{name}: worker"), start);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run in release"]
async fn rates() {
    measure::<Sqlite>("SQLite").await;
    measure::<Postgres>("PostgreSQL").await;
}

/// What a watch costs for each message, without queue or database: the bound of what monitoring takes from ingestion.
#[test]
#[ignore = "measures; run in release"]
fn cost_of_being_watched() {
    use treeherder_ingest::monitor::Watch;
    use treeherder_ingest::queue::{Ending, MessageId, Observer as _, Priority, Receipt};

    let payload = format!(r#"{{"task":"store-pulse-tasks","args":{{"body":"{}"}}}}"#, "x".repeat(1_500));
    let watch = Watch::new(&["store-pulse-tasks"]);
    let start = Instant::now();
    for batch in 0..MESSAGES / BATCH {
        let deliveries: Vec<Delivery> = (0..BATCH)
            .map(|number| Delivery {
                message_id: MessageId::of_row(1_700_000_000_000, (batch * BATCH + number) as i64),
                queue: TASKS,
                payload: payload.clone(),
                priority: Priority::Normal,
                attempts: 1,
                first_seen: chrono::DateTime::UNIX_EPOCH,
                last_error: None,
                receipt: Receipt::new((batch * BATCH + number) as i64, 1),
            })
            .collect();
        let receipts: Vec<Receipt> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        watch.received(&deliveries);
        assert!(!deliveries.iter().any(|delivery| watch.is_revoked(delivery)));
        watch.started(&receipts);
        watch.handled(&receipts, Duration::from_millis(100));
        receipts.iter().for_each(|receipt| watch.ended(*receipt, Ending::Succeeded));
    }
    let cost = start.elapsed().as_secs_f64() / MESSAGES as f64;
    println!("watched: {:.2} µs a message, making the message included", cost * 1e6);
    assert_eq!(watch.total().succeeded, MESSAGES as u64);
}
