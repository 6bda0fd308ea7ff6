//! What workers do with messages, failures, panics, stops and a database that refuses.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::ConnectionTrait as _;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::queue::{
    DeadLetter, Delivery, Disposition, Failure, Handler, Message, Outcome, Page, PoolOptions, Queue,
    QueueCounts, QueueName, RetryPolicy, Worker, WorkerOptions,
};

use crate::backend::{Backend as _, Sqlite};

const TASKS: QueueName = QueueName::StorePulseTasks;
const LEASE: Duration = Duration::from_secs(60);

/// Records the batches it gets and answers by payload; what is not listed succeeds.
#[derive(Default)]
struct Script {
    batches: Mutex<Vec<Vec<String>>>,
    answers: HashMap<&'static str, Answer>,
}

#[derive(Clone)]
enum Answer {
    Outcome(Outcome),
    Panic,
    Forever,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Arc<Self> {
        Arc::new(Self { answers: answers.into_iter().collect(), ..Self::default() })
    }

    fn batches(&self) -> Vec<Vec<String>> {
        self.batches.lock().unwrap().clone()
    }
}

#[async_trait]
impl Handler for Script {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome> {
        let payloads: Vec<String> = batch.into_iter().map(|delivery| delivery.payload).collect();
        self.batches.lock().unwrap().push(payloads.clone());
        let mut outcomes = Vec::new();
        for payload in &payloads {
            outcomes.push(match self.answers.get(payload.as_str()) {
                None => Outcome::Done,
                Some(Answer::Outcome(outcome)) => outcome.clone(),
                Some(Answer::Panic) => panic!("cannot bear {payload}"),
                Some(Answer::Forever) => std::future::pending().await,
            });
        }
        outcomes
    }
}

fn options() -> WorkerOptions {
    WorkerOptions { poll: Duration::from_millis(5), ..WorkerOptions::default() }
}

/// Publishes, works until `until` says so, stops, and returns the counts of the queue.
async fn work(
    queue: &Arc<dyn Queue>,
    handler: &Arc<Script>,
    options: WorkerOptions,
    pool: PoolOptions,
    until: impl Fn(&QueueCounts) -> bool,
) -> QueueCounts {
    let worker = Worker::new(Arc::clone(queue), options).serve(TASKS, pool, Arc::clone(handler) as _);
    let statistics = worker.statistics();
    let counts = || statistics.snapshot().into_iter().find(|counts| counts.queue == TASKS).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(worker.run(stop.clone()));
    while !until(&counts()) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    running.await.unwrap();
    counts()
}

fn pool(concurrency: usize, batch: usize) -> PoolOptions {
    PoolOptions::of(TASKS).with_concurrency(concurrency).with_batch(batch)
}

async fn publish(queue: &Arc<dyn Queue>, payloads: &[&str]) {
    let messages: Vec<_> = payloads.iter().map(|payload| Message::new(TASKS, *payload)).collect();
    queue.publish(&messages).await.unwrap();
}

async fn dead(queue: &Arc<dyn Queue>) -> Vec<DeadLetter> {
    queue.dead_letters(TASKS, Page::default()).await.unwrap()
}

async fn ready(queue: &Arc<dyn Queue>) -> u64 {
    queue.depths().await.unwrap()[TASKS as usize].ready
}

fn retry(error: &str) -> Answer {
    Answer::Outcome(Outcome::Retry { error: error.to_owned() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_of_a_batch_gets_its_own_outcome() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["good", "late", "bad", "busy", "fine"]).await;
    let handler = Script::new([
        ("late", retry("push not there yet")),
        ("bad", Answer::Outcome(Outcome::Dead { error: "no such repository".into() })),
        (
            "busy",
            Answer::Outcome(Outcome::RetryAfter {
                delay: Duration::from_secs(100),
                error: "status 429".into(),
            }),
        ),
    ]);
    let counts = work(&queue, &handler, options(), pool(1, 10), |counts| {
        counts.done + counts.retried + counts.dead == 5
    })
    .await;
    assert_eq!((counts.claimed, counts.done, counts.retried, counts.dead, counts.in_flight), (5, 2, 2, 1, 0));
    assert_eq!(handler.batches().len(), 1);
    let letters = dead(&queue).await;
    assert_eq!((letters[0].payload.as_str(), letters[0].error.as_str()), ("bad", "no such repository"));

    // The first retry is after 10 s, unless the other side asked for more.
    let claim = async || queue.claim(&[TASKS], 10, LEASE).await.unwrap();
    backend.pass(Duration::from_millis(9_999)).await;
    assert_eq!(claim().await, []);
    backend.pass(Duration::from_millis(1)).await;
    let late = claim().await;
    assert_eq!((late.len(), late[0].payload.as_str()), (1, "late"));
    assert_eq!(late[0].last_error.as_deref(), Some("push not there yet"));
    queue.ack(&[late[0].receipt]).await.unwrap();
    backend.pass(Duration::from_secs(90)).await;
    assert_eq!(claim().await[0].payload, "busy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_retried_ten_times_and_then_kept() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["hopeless"]).await;
    let handler = Script::new([("hopeless", retry("status 503"))]);
    for attempt in 1..=11_u64 {
        let counts =
            work(&queue, &handler, options(), pool(1, 1), |counts| counts.retried + counts.dead == 1).await;
        assert_eq!(counts.dead, u64::from(attempt == 11), "attempt {attempt}");
        backend.pass(Duration::from_secs(7_940)).await;
    }
    let letters = dead(&queue).await;
    assert_eq!(
        (letters[0].error.as_str(), letters[0].attempts),
        ("gave up after 11 attempts: status 503", 11)
    );
    assert_eq!(handler.batches().len(), 11);

    assert_eq!(queue.put_back_all(TASKS).await.unwrap(), 1);
    let counts = work(&queue, &handler, options(), pool(1, 1), |counts| counts.retried == 1).await;
    assert_eq!(counts.dead, 0, "put back, it starts over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_hits_only_the_message_that_causes_it() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["a", "poison", "b"]).await;
    let handler = Script::new([("poison", Answer::Panic)]);
    let counts =
        work(&queue, &handler, options(), pool(1, 10), |counts| counts.done + counts.retried == 3).await;
    assert_eq!((counts.done, counts.retried, counts.panics), (2, 1, 2));
    assert_eq!(handler.batches(), [vec!["a", "poison", "b"], vec!["a"], vec!["poison"], vec!["b"]]);
    backend.pass(Duration::from_secs(10)).await;
    let again = queue.claim(&[TASKS], 1, LEASE).await.unwrap();
    assert_eq!(again[0].last_error.as_deref(), Some("the handler panicked: cannot bear poison"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_batch_is_repeated_message_by_message() {
    struct AllOrNothing(Mutex<Vec<usize>>);
    #[async_trait]
    impl Handler for AllOrNothing {
        async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome> {
            self.0.lock().unwrap().push(batch.len());
            let failed = batch.iter().any(|delivery| delivery.payload == "wrong");
            let error = "transaction rolled back".to_owned();
            let outcome = if failed { Outcome::Isolate { error } } else { Outcome::Done };
            vec![outcome; batch.len()]
        }
    }
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["a", "wrong", "b"]).await;
    let handler = Arc::new(AllOrNothing(Mutex::default()));
    let worker =
        Worker::new(Arc::clone(&queue), options()).serve(TASKS, pool(1, 10), Arc::clone(&handler) as _);
    let (statistics, stop) = (worker.statistics(), CancellationToken::new());
    let running = tokio::spawn(worker.run(stop.clone()));
    while statistics.snapshot()[TASKS as usize].retried == 0 || statistics.snapshot()[TASKS as usize].done < 2
    {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(*handler.0.lock().unwrap(), [3, 1, 1, 1]);
    assert_eq!(queue.depths().await.unwrap()[TASKS as usize].delayed, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_failed_before_comes_alone() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["old"]).await;
    assert_eq!(queue.claim(&[TASKS], 1, LEASE).await.unwrap().len(), 1);
    backend.pass(LEASE).await;
    publish(&queue, &["new 1", "new 2"]).await;
    let handler = Script::new([]);
    work(&queue, &handler, options(), pool(1, 10), |counts| counts.done == 3).await;
    assert_eq!(handler.batches(), [vec!["new 1", "new 2"], vec!["old"]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_ends_its_process_again_and_again_is_given_up() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["killer"]).await;
    for _ in 0..11 {
        let crashed = backend.open("crashed").await;
        assert_eq!(crashed.claim(&[TASKS], 1, LEASE).await.unwrap().len(), 1);
        drop(crashed);
        backend.pass(LEASE).await;
    }
    let handler = Script::new([]);
    work(&queue, &handler, options(), pool(1, 1), |counts| counts.dead == 1).await;
    assert_eq!(handler.batches().len(), 0, "the twelfth attempt must not be made");
    let error = "handed out 11 times without an end being reported; last error: none reported";
    assert_eq!(dead(&queue).await[0].error, error);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_soft_time_limit_makes_a_retry() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["endless"]).await;
    let handler = Script::new([("endless", Answer::Forever)]);
    let pool = pool(1, 1).with_soft_time_limit(Duration::from_millis(20));
    let counts = work(&queue, &handler, options(), pool, |counts| counts.retried == 1).await;
    assert_eq!((counts.time_limits, counts.in_flight), (1, 0));
    backend.pass(Duration::from_secs(10)).await;
    let again = queue.claim(&[TASKS], 1, LEASE).await.unwrap();
    assert_eq!(again[0].last_error.as_deref(), Some("soft time limit of 0.02 s exceeded"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_finish_what_is_in_flight() {
    struct Slow(Arc<tokio::sync::Notify>, AtomicUsize);
    #[async_trait]
    impl Handler for Slow {
        async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.notified().await;
            vec![Outcome::Done; batch.len()]
        }
    }
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["in flight", "waiting"]).await;
    let finish = Arc::new(tokio::sync::Notify::new());
    let handler = Arc::new(Slow(Arc::clone(&finish), AtomicUsize::new(0)));
    let worker =
        Worker::new(Arc::clone(&queue), options()).serve(TASKS, pool(1, 1), Arc::clone(&handler) as _);
    let stop = CancellationToken::new();
    let running = tokio::spawn(worker.run(stop.clone()));
    while handler.1.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!running.is_finished());
    finish.notify_one();
    running.await.unwrap();
    let left = queue.claim(&[TASKS], 10, LEASE).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].payload.as_str(), left[0].attempts), ("waiting", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_gives_back_what_does_not_finish_in_time() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["a", "endless", "b"]).await;
    let handler = Script::new([("endless", Answer::Forever)]);
    let options = WorkerOptions { stop_deadline: Duration::from_millis(20), ..options() };
    let counts = work(&queue, &handler, options, pool(1, 10), |counts| counts.in_flight == 3).await;
    assert_eq!((counts.released, counts.in_flight, counts.done), (3, 0, 0));
    let left = queue.claim(&[TASKS], 10, LEASE).await.unwrap();
    assert_eq!(left.iter().map(|delivery| delivery.attempts).collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_extended_while_the_handler_runs() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["endless"]).await;
    let handler = Script::new([("endless", Answer::Forever)]);
    let options = WorkerOptions {
        lease: Duration::from_millis(150),
        stop_deadline: Duration::from_millis(1),
        ..options()
    };
    let worker = Worker::new(Arc::clone(&queue), options).serve(TASKS, pool(1, 1), handler as _);
    let (statistics, stop) = (worker.statistics(), CancellationToken::new());
    let running = tokio::spawn(worker.run(stop.clone()));
    while statistics.snapshot()[TASKS as usize].in_flight == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // The queue's clock goes by hand: with each step the lease would run out, but for the extensions between them.
    let other = backend.open("other").await;
    for _ in 0..5 {
        backend.pass(Duration::from_millis(100)).await;
        tokio::time::sleep(Duration::from_millis(120)).await;
        assert_eq!(other.claim(&[TASKS], 1, LEASE).await.unwrap(), []);
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_refuses_loses_nothing() {
    let backend = Sqlite::start().await.unwrap();
    let store = backend.store().await;
    let queue = backend.open("w").await;
    publish(&queue, &["a", "late", "bad"]).await;
    for operation in ["DELETE ON queue_message", "UPDATE OF error ON queue_message"] {
        let name = operation.split(' ').next().unwrap();
        let trigger = format!(
            "CREATE TRIGGER refuse_{name} BEFORE {operation} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        );
        store.connection().execute_unprepared(&trigger).await.unwrap();
    }
    let handler = Script::new([
        ("late", retry("not yet")),
        ("bad", Answer::Outcome(Outcome::Dead { error: "wrong".into() })),
    ]);
    let recovers = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        store.connection().execute_unprepared("DROP TRIGGER refuse_DELETE").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        store.connection().execute_unprepared("DROP TRIGGER refuse_UPDATE").await.unwrap();
    });
    let counts = work(&queue, &handler, options(), pool(1, 10), |counts| {
        counts.done + counts.retried + counts.dead == 3
    })
    .await;
    recovers.await.unwrap();
    assert_eq!((counts.done, counts.retried, counts.dead), (1, 1, 1));
    assert_eq!(handler.batches().len(), 1, "the work itself must not be done twice");
    assert_eq!((dead(&queue).await.len(), ready(&queue).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_number_of_outcomes_is_a_failure_of_the_rest() {
    struct Short;
    #[async_trait]
    impl Handler for Short {
        async fn handle(&self, _: Vec<Delivery>) -> Vec<Outcome> {
            vec![Outcome::Done]
        }
    }
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["a", "b"]).await;
    let worker = Worker::new(Arc::clone(&queue), options()).serve(TASKS, pool(1, 10), Arc::new(Short));
    let (statistics, stop) = (worker.statistics(), CancellationToken::new());
    let running = tokio::spawn(worker.run(stop.clone()));
    while statistics.snapshot()[TASKS as usize].retried == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    running.await.unwrap();
    backend.pass(Duration::from_secs(10)).await;
    let left = queue.claim(&[TASKS], 10, LEASE).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].last_error.as_deref(), Some("the handler returned 1 outcomes for 2 messages"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrency_is_the_number_of_batches_at_a_time() {
    struct Counting(AtomicUsize, AtomicUsize);
    #[async_trait]
    impl Handler for Counting {
        async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome> {
            let running = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            self.1.fetch_max(running, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.0.fetch_sub(1, Ordering::SeqCst);
            vec![Outcome::Done; batch.len()]
        }
    }
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["x"; 40]).await;
    let handler = Arc::new(Counting(AtomicUsize::new(0), AtomicUsize::new(0)));
    let worker =
        Worker::new(Arc::clone(&queue), options()).serve(TASKS, pool(3, 2), Arc::clone(&handler) as _);
    let (statistics, stop) = (worker.statistics(), CancellationToken::new());
    let running = tokio::spawn(worker.run(stop.clone()));
    while statistics.snapshot()[TASKS as usize].done < 40 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(handler.1.load(Ordering::SeqCst), 3);
}

#[test]
fn an_error_says_what_becomes_of_its_message() {
    #[derive(Debug, thiserror::Error)]
    #[error("status {0}")]
    struct Status(u16);
    impl Failure for Status {
        fn disposition(&self) -> Disposition {
            if self.0 >= 500 { Disposition::Retry } else { Disposition::Permanent }
        }
    }
    assert_eq!(Outcome::from(Ok::<(), Status>(())), Outcome::Done);
    assert_eq!(Outcome::from(Err(Status(503))), Outcome::Retry { error: "status 503".into() });
    assert_eq!(Outcome::failed(&Status(404)), Outcome::Dead { error: "status 404".into() });
    // A retry policy of its own is what a queue without retries uses.
    assert_eq!(RetryPolicy { max_retries: 0, ..RetryPolicy::default() }.next_delay(0), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_come_one_by_one_are_worked_on_together() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    let handler = Script::new([]);
    publish(&queue, &["first"]).await;
    let one_by_one = async {
        while handler.batches().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        for payload in ["a", "b", "c"] {
            publish(&queue, &[payload]).await;
        }
    };
    let pool = pool(2, 10).with_linger(Duration::from_secs(2));
    tokio::join!(work(&queue, &handler, options(), pool, |counts| counts.done == 4), one_by_one);
    assert_eq!(handler.batches(), [vec!["first"], vec!["a", "b", "c"]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_waits_after_a_whole_batch_and_no_stop_waits_for_more() {
    let backend = Sqlite::start().await.unwrap();
    let queue = backend.open("w").await;
    publish(&queue, &["x"; 21]).await;
    let handler = Script::new([]);
    let pool = pool(1, 10).with_linger(Duration::from_secs(3600));
    let worked = work(&queue, &handler, options(), pool, |counts| counts.done == 21);
    tokio::time::timeout(Duration::from_secs(60), worked).await.unwrap();
    assert_eq!(handler.batches().iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 1]);
}
