//! What is told of workers, end to end: from the loop that works to the records in the database.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::monitor::{Heart, HeartOptions, Process, Registry, TaskState, Watch};
use treeherder_ingest::queue::{
    Delivery, Handler, Message, MessageId, Outcome, PoolOptions, QueueName, Worker, WorkerOptions,
};
use treeherder_ingest::store::TaskFilter;

use crate::backend::{Backend as _, Sqlite};

const LOGS: QueueName = QueueName::LogParser;

/// Does what the job's number asks for, and remembers which jobs it was asked to do.
#[derive(Default)]
struct ByNumber(Mutex<Vec<String>>);

#[async_trait]
impl Handler for ByNumber {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for delivery in batch {
            self.0.lock().unwrap().push(delivery.payload.clone());
            outcomes.push(match delivery.payload.contains("\"job_id\":2") {
                true => Outcome::Dead { error: "no job 2".to_owned() },
                false if delivery.payload.contains("\"job_id\":3") => {
                    Outcome::Retry { error: "status 503".to_owned() }
                }
                false => Outcome::Done,
            });
        }
        outcomes
    }
}

fn message(job_id: u32) -> Message {
    Message::new(LOGS, format!(r#"{{"task":"log-parser","args":{{"job_id":{job_id}}}}}"#))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_workers_do_is_recorded_and_revoked_messages_are_not_worked_on() {
    let backend = Sqlite::start().await.unwrap();
    let store = backend.store().await;
    let queue = backend.open("w").await;
    let publish = async |job_id: u32| {
        queue.publish(&[message(job_id)]).await.unwrap();
    };
    for job_id in 1..=4 {
        publish(job_id).await;
    }
    // The last one is revoked before anybody works; a table numbers its rows.
    let claimed = queue.claim(&[LOGS], 9, Duration::from_secs(60)).await.unwrap();
    let revoked: MessageId = claimed[3].message_id;
    queue.release(&claimed.iter().map(|delivery| delivery.receipt).collect::<Vec<_>>()).await.unwrap();
    store.revoke(revoked, "somebody", None).await.unwrap();

    let watch = Arc::new(Watch::new(&["log-parser"]));
    let process = Process {
        pool: "worker_log_parser".to_owned(),
        host: "here".to_owned(),
        pid: 7,
        queues: vec![LOGS],
        concurrency: 1,
        version: String::new(),
    };
    let options = HeartOptions { interval: Duration::from_millis(20), ..HeartOptions::default() };
    let heart = Heart::start(store.clone(), process, Arc::clone(&watch), Registry::default(), options);
    while store.workers().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    // The beat that wrote the row has read the revocations once the next one is there.
    let first = store.workers().await.unwrap()[0].heartbeat;
    while store.workers().await.unwrap()[0].heartbeat == first {
        tokio::task::yield_now().await;
    }

    let handler = Arc::new(ByNumber::default());
    let options = WorkerOptions { observer: Some(Arc::<Watch>::clone(&watch)), ..WorkerOptions::default() };
    let pool = PoolOptions::of(LOGS).with_concurrency(1).with_batch(10);
    let worker = Worker::new(Arc::clone(&queue), options).serve(LOGS, pool, Arc::clone(&handler) as _);
    let (statistics, stop) = (worker.statistics(), CancellationToken::new());
    let running = tokio::spawn(worker.run(stop.clone()));
    let counts = || statistics.snapshot().into_iter().find(|counts| counts.queue == LOGS).unwrap();
    while counts().done + counts().dead + counts().retried + counts().revoked < 4 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    running.await.unwrap();
    heart.stop().await;

    assert_eq!((counts().done, counts().dead, counts().retried, counts().revoked), (1, 1, 1, 1));
    let handled: HashSet<String> = handler.0.lock().unwrap().iter().cloned().collect();
    assert_eq!(handled, (1..=3).map(|job_id| message(job_id).payload).collect());

    let filter = TaskFilter { limit: 10, ..TaskFilter::default() };
    let records = store.task_records(&filter).await.unwrap();
    let told: BTreeMap<&str, (TaskState, Option<&str>)> = records
        .iter()
        .map(|record| (record.args.as_str(), (record.state, record.error.as_deref())))
        .collect();
    assert_eq!(
        told,
        BTreeMap::from([
            (r#"{"job_id":1}"#, (TaskState::Success, None)),
            (r#"{"job_id":2}"#, (TaskState::Failure, Some("no job 2"))),
            (r#"{"job_id":3}"#, (TaskState::Retry, Some("status 503"))),
            (r#"{"job_id":4}"#, (TaskState::Revoked, None)),
        ])
    );
    assert!(records.iter().all(|record| record.worker.as_deref() == Some("worker_log_parser@here.7")));
    assert!(records.iter().all(|record| record.task == "log-parser" && record.queue == LOGS));
    let revoked = store.task_record(revoked).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_by.as_deref(), Some("somebody"));
    let worker = &store.workers().await.unwrap()[0];
    assert_eq!((worker.received, worker.succeeded, worker.retried, worker.dead), (4, 1, 1, 1));
    let letter = &queue.dead_letters(LOGS, treeherder_ingest::queue::Page::default()).await.unwrap()[0];
    let dead = store.task_record(letter.message_id).await.unwrap().unwrap();
    assert_eq!(dead.state, TaskState::Failure, "a dead letter is found by the id it was worked on with");
}
