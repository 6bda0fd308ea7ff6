//! What processes tell about themselves, and what others read of it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait as _;
use treeherder_ingest::monitor::{
    Beat, Growth, Heart, HeartOptions, Labels, Metric, Process, Registry, TaskCounts, TaskRecord, TaskState,
    Watch,
};
use treeherder_ingest::queue::{MessageId, QueueName};
use treeherder_ingest::store::{Retention, Store, TaskFilter};

use crate::support::database::{Backend, TestStore};

on_every_database!(
    a_process_is_alive_until_beats_are_missing_or_it_stops,
    records_of_tasks_are_found_by_worker_name_state_and_time,
    a_newer_record_of_a_task_replaces_an_older_one_only,
    many_records_and_doubles_in_one_beat_are_kept,
    counters_of_several_processes_add_up,
    revocations_reach_the_workers_with_the_next_beat,
    old_records_go_and_the_newest_stay,
    the_database_tells_the_time,
    a_heart_beats_until_it_is_stopped,
);

fn process(pool: &str, pid: u32) -> Process {
    Process {
        pool: pool.to_owned(),
        host: "here".to_owned(),
        pid,
        queues: vec![QueueName::LogParser, QueueName::Statsd],
        concurrency: 7,
        version: "1.2.3".to_owned(),
    }
}

fn record(number: i64, state: TaskState, updated: DateTime<Utc>) -> TaskRecord {
    TaskRecord {
        id: MessageId::of_row(1_700_000_000_000, number),
        task: "log-parser".to_owned(),
        queue: QueueName::LogParser,
        state,
        worker: None,
        args: format!(r#"{{"job_id":{number}}}"#),
        attempts: 2,
        published: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
        received: Some(updated - TimeDelta::seconds(2)),
        started: Some(updated - TimeDelta::seconds(1)),
        updated,
        runtime_s: Some(0.5),
        due: None,
        error: Some("outer: inner\0".to_owned()),
        revoked_by: None,
    }
}

/// A moment that both databases keep unchanged.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).unwrap()
}

#[derive(Default)]
struct Told {
    records: Vec<TaskRecord>,
    growth: Vec<Growth>,
    active: BTreeMap<&'static str, u64>,
    is_last: bool,
}

async fn beat(store: &Store, process: &Process, told: Told) -> std::collections::HashSet<MessageId> {
    let beat = Beat {
        process,
        started: now(),
        interval: Duration::from_secs(5),
        is_last: told.is_last,
        active: &told.active,
        total: TaskCounts { received: 9, succeeded: 5, retried: 3, dead: 1, ..TaskCounts::default() },
        records: &told.records,
        growth: &told.growth,
    };
    store.beat(&beat).await.unwrap()
}

fn growth(task: &str, by: f64) -> Growth {
    let labels: Labels = [("task", task), ("state", "succeeded")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Growth { metric: Metric::TasksTotal, labels, part: String::new(), by }
}

async fn age_all(store: &Store, seconds: i64) {
    for sql in [
        format!("UPDATE monitor_worker SET heartbeat = heartbeat - {}", seconds * 1000),
        format!("UPDATE monitor_revocation SET revoked = revoked - {}", seconds * 1000),
    ] {
        store.connection().execute_unprepared(&sql).await.unwrap();
    }
}

async fn a_process_is_alive_until_beats_are_missing_or_it_stops(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let store = &test.store;
    beat(store, &process("worker_misc", 1), Told { active: [("log-parser", 3)].into(), ..Told::default() })
        .await;
    let workers = store.workers().await.unwrap();
    let [worker] = workers.as_slice() else { panic!("{workers:?}") };
    assert_eq!((worker.name.as_str(), worker.pool.as_str()), ("worker_misc@here.1", "worker_misc"));
    assert_eq!((worker.host.as_str(), worker.pid, worker.concurrency), ("here", 1, 7));
    assert_eq!(worker.queues, [QueueName::LogParser, QueueName::Statsd]);
    assert_eq!((worker.version.as_str(), &worker.active), ("1.2.3", &[("log-parser".to_owned(), 3)].into()));
    assert_eq!((worker.received, worker.succeeded, worker.retried, worker.dead), (9, 5, 3, 1));
    assert!(worker.alive && !worker.is_lost() && worker.clock_offset_ms.abs() < 60_000);

    age_all(store, 19).await;
    assert!(store.workers().await.unwrap()[0].alive);
    age_all(store, 2).await;
    let lost = &store.workers().await.unwrap()[0];
    assert!(!lost.alive && lost.is_lost() && lost.age >= Duration::from_secs(21));

    beat(store, &process("worker_misc", 1), Told::default()).await;
    assert!(store.workers().await.unwrap()[0].alive, "it is heard of again");
    beat(store, &process("worker_misc", 1), Told { is_last: true, ..Told::default() }).await;
    let stopped = &store.workers().await.unwrap()[0];
    assert!(!stopped.alive && !stopped.is_lost() && stopped.stopped.is_some());
}

async fn records_of_tasks_are_found_by_worker_name_state_and_time(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let (store, time) = (&test.store, now());
    let other = TaskRecord { task: "publish-stats".to_owned(), ..record(3, TaskState::Success, time) };
    let records = vec![
        record(1, TaskState::Retry, time - TimeDelta::seconds(10)),
        record(2, TaskState::Failure, time - TimeDelta::seconds(5)),
    ];
    beat(store, &process("a", 1), Told { records, ..Told::default() }).await;
    beat(store, &process("b", 2), Told { records: vec![other.clone()], ..Told::default() }).await;

    let ids = async |filter: TaskFilter| {
        let records = store.task_records(&filter).await.unwrap();
        records.iter().map(|record| record.id.row().unwrap().1).collect::<Vec<_>>()
    };
    let all = TaskFilter { limit: 10, ..TaskFilter::default() };
    assert_eq!(ids(all.clone()).await, [3, 2, 1]);
    assert_eq!(ids(TaskFilter { limit: 2, ..all.clone() }).await, [3, 2]);
    assert_eq!(ids(TaskFilter { worker: Some("a@here.1".to_owned()), ..all.clone() }).await, [2, 1]);
    assert_eq!(ids(TaskFilter { task: Some("publish-stats".to_owned()), ..all.clone() }).await, [3]);
    assert_eq!(ids(TaskFilter { state: Some(TaskState::Retry), ..all.clone() }).await, [1]);
    assert_eq!(ids(TaskFilter { since: Some(time - TimeDelta::seconds(5)), ..all }).await, [3, 2]);
    assert_eq!(store.task_names().await.unwrap(), ["log-parser", "publish-stats"]);

    let expected = TaskRecord {
        worker: Some("b@here.2".to_owned()),
        error: Some("outer: inner\u{fffd}".to_owned()),
        ..other
    };
    assert_eq!(store.task_record(expected.id).await.unwrap(), Some(expected));
    assert_eq!(store.task_record(MessageId::random(5)).await.unwrap(), None);
}

async fn a_newer_record_of_a_task_replaces_an_older_one_only(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let (store, time) = (&test.store, now());
    let state =
        async || store.task_record(record(1, TaskState::Retry, time).id).await.unwrap().unwrap().state;
    beat(
        store,
        &process("a", 1),
        Told { records: vec![record(1, TaskState::Retry, time)], ..Told::default() },
    )
    .await;
    let late = record(1, TaskState::Started, time - TimeDelta::seconds(1));
    beat(store, &process("b", 2), Told { records: vec![late], ..Told::default() }).await;
    assert_eq!(state().await, TaskState::Retry);
    let newer = record(1, TaskState::Success, time + TimeDelta::seconds(1));
    beat(store, &process("b", 2), Told { records: vec![newer], ..Told::default() }).await;
    assert_eq!(state().await, TaskState::Success);
}

async fn many_records_and_doubles_in_one_beat_are_kept(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let time = now();
    let mut records: Vec<_> = (1..=1_203).map(|number| record(number, TaskState::Retry, time)).collect();
    records.push(record(7, TaskState::Success, time));
    beat(&test.store, &process("a", 1), Told { records, ..Told::default() }).await;
    let filter = TaskFilter { state: Some(TaskState::Retry), limit: u32::MAX, ..TaskFilter::default() };
    assert_eq!(test.store.task_records(&filter).await.unwrap().len(), 1_000, "a list has an end");
    let filter = TaskFilter { state: Some(TaskState::Success), limit: 10, ..TaskFilter::default() };
    assert_eq!(test.store.task_records(&filter).await.unwrap().len(), 1);
}

async fn counters_of_several_processes_add_up(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let store = &test.store;
    let histogram = Growth {
        metric: Metric::TaskSeconds,
        labels: [("task".to_owned(), "x".to_owned())].into(),
        part: "0.5".to_owned(),
        by: 2.0,
    };
    let first = vec![growth("a", 2.0), growth("b\"\\", 1.0), growth("a", 1.0)];
    beat(store, &process("a", 1), Told { growth: first, ..Told::default() }).await;
    beat(store, &process("b", 2), Told { growth: vec![growth("a", 4.0), histogram], ..Told::default() })
        .await;
    let values = store.metric_values().await.unwrap();
    let of = |metric: Metric, task: &str| {
        let of_task = values.iter().filter(|value| value.metric == metric && value.labels["task"] == task);
        of_task.map(|value| (value.part.as_str(), value.value)).collect::<Vec<_>>()
    };
    assert_eq!(of(Metric::TasksTotal, "a"), [("", 7.0)]);
    assert_eq!(of(Metric::TasksTotal, "b\"\\"), [("", 1.0)]);
    assert_eq!(of(Metric::TaskSeconds, "x"), [("0.5", 2.0)]);
}

async fn revocations_reach_the_workers_with_the_next_beat(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let store = &test.store;
    let (running, waiting) = (record(1, TaskState::Started, now()), record(2, TaskState::Revoked, now()));
    beat(store, &process("a", 1), Told { records: vec![running.clone()], ..Told::default() }).await;
    store.revoke(running.id, "somebody", None).await.unwrap();
    store.revoke(running.id, "somebody else", None).await.unwrap();
    store.revoke(waiting.id, "somebody", Some(&waiting)).await.unwrap();
    assert_eq!(beat(store, &process("a", 1), Told::default()).await, [running.id, waiting.id].into());
    let running = store.task_record(running.id).await.unwrap().unwrap();
    assert_eq!((running.state, running.revoked_by.as_deref()), (TaskState::Started, Some("somebody")));
    let waiting = store.task_record(waiting.id).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.worker), (TaskState::Revoked, None));
}

async fn old_records_go_and_the_newest_stay(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let (store, time) = (&test.store, now());
    let mut records = Vec::new();
    for number in 0..10 {
        records.push(record(number, TaskState::Success, time - TimeDelta::seconds(number)));
        records.push(record(100 + number, TaskState::Failure, time - TimeDelta::seconds(number)));
    }
    records.push(record(200, TaskState::Success, time - TimeDelta::days(2)));
    records.push(record(201, TaskState::Failure, time - TimeDelta::days(2)));
    records.push(record(202, TaskState::Failure, time - TimeDelta::days(20)));
    beat(store, &process("a", 1), Told { records, ..Told::default() }).await;
    store.revoke(MessageId::random(1), "x", None).await.unwrap();

    let retention = Retention { max_successes: 4, ..Retention::default() };
    let pruned = store.prune_monitor(&retention).await.unwrap();
    assert_eq!((pruned.tasks, pruned.workers, pruned.revocations), (8, 0, 0));
    let left = store.task_records(&TaskFilter { limit: 100, ..TaskFilter::default() }).await.unwrap();
    let mut left: Vec<_> = left.iter().map(|record| record.id.row().unwrap().1).collect();
    left.sort_unstable();
    assert_eq!(left, [vec![0, 1, 2, 3], (100..110).collect(), vec![201]].concat());

    age_all(store, 40 * 86_400).await;
    let pruned = store.prune_monitor(&retention).await.unwrap();
    assert_eq!((pruned.tasks, pruned.workers, pruned.revocations), (0, 1, 1));
    assert_eq!(store.workers().await.unwrap(), []);
}

async fn the_database_tells_the_time(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let (offset, trust) = test.store.clock_offset().await.unwrap();
    // Both are on this machine.
    assert!(offset.abs() <= trust + TimeDelta::milliseconds(10), "{offset} ± {trust}");
}

async fn a_heart_beats_until_it_is_stopped(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let store = &test.store;
    let heart = Heart::start(
        store.clone(),
        process("a", 1),
        std::sync::Arc::new(Watch::new(&["log-parser"])),
        Registry::default(),
        HeartOptions { interval: Duration::from_millis(20), ..HeartOptions::default() },
    );
    let first = loop {
        if let Some(worker) = store.workers().await.unwrap().pop() {
            break worker.heartbeat;
        }
        tokio::task::yield_now().await;
    };
    while store.workers().await.unwrap()[0].heartbeat == first {
        tokio::task::yield_now().await;
    }
    heart.stop().await;
    assert!(store.workers().await.unwrap()[0].stopped.is_some());
}
