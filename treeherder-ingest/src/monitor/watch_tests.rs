//! What is remembered of what workers do.

use super::*;
use crate::monitor::records::{MAX_KEPT, SAMPLES};

const TASKS: &[&str] = &["log-parser", "store-pulse-tasks"];

fn delivery(number: i64, task: &str) -> Delivery {
    Delivery {
        message_id: MessageId::of_row(1_700_000_000_000, number),
        queue: QueueName::LogParser,
        payload: format!(r#"{{"task":"{task}","args":{{"job_id":{number}}}}}"#),
        priority: crate::queue::Priority::Normal,
        attempts: 1,
        first_seen: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
        last_error: None,
        receipt: Receipt::new(number, 1),
    }
}

/// Lets one message after the other be worked on, each for its number of milliseconds.
fn work(watch: &Watch, deliveries: &[Delivery], ending: Ending<'_>) {
    for delivery in deliveries {
        watch.received(std::slice::from_ref(delivery));
        watch.started(&[delivery.receipt]);
        watch.handled(&[delivery.receipt], Duration::from_millis(delivery.receipt.id().unsigned_abs()));
        watch.ended(delivery.receipt, ending);
    }
}

fn take(watch: &Watch) -> Taken {
    watch.take(Utc::now(), Duration::from_secs(5))
}

#[test]
fn of_many_successes_the_slowest_are_kept_and_all_are_counted() {
    let watch = Watch::new(TASKS);
    let deliveries: Vec<_> = (1..=500).map(|number| delivery(number, "log-parser")).collect();
    work(&watch, &deliveries, Ending::Succeeded);
    let taken = take(&watch);
    let mut kept: Vec<f64> = taken.records.iter().map(|record| record.runtime_s.unwrap()).collect();
    kept.sort_by(f64::total_cmp);
    let slowest: Vec<f64> = (500 - SAMPLES + 1..=500).map(|ms| ms as f64 / 1000.0).collect();
    assert_eq!(kept, slowest);
    assert_eq!((taken.total.received, taken.total.started, taken.total.succeeded), (500, 500, 500));
    assert!(take(&watch).records.is_empty());
}

#[test]
fn every_failure_is_kept_with_its_error_and_arguments() {
    let watch = Watch::new(TASKS);
    let deliveries: Vec<_> = (1..=300).map(|number| delivery(number, "log-parser")).collect();
    work(&watch, &deliveries[..200], Ending::Retried { delay: Duration::from_secs(10), error: "503" });
    work(&watch, &deliveries[200..], Ending::Dead { error: "no such job" });
    let taken = take(&watch);
    assert_eq!(taken.records.len(), 300);
    let (first, last) = (&taken.records[0], &taken.records[299]);
    assert_eq!((first.state, first.error.as_deref()), (TaskState::Retry, Some("503")));
    assert_eq!((first.due.unwrap() - first.updated).num_seconds(), 10);
    assert_eq!((last.state, last.args.as_str()), (TaskState::Failure, r#"{"job_id":300}"#));
    assert_eq!((taken.total.failed, taken.total.retried, taken.total.dead), (300, 200, 100));
}

#[test]
fn a_success_after_a_failure_is_kept_however_quick() {
    let watch = Watch::new(TASKS);
    let many: Vec<_> = (100..200).map(|number| delivery(number, "log-parser")).collect();
    work(&watch, &many, Ending::Succeeded);
    let mut again = delivery(1, "log-parser");
    again.attempts = 2;
    let mut put_back = delivery(2, "log-parser");
    put_back.last_error = Some("x".to_owned());
    work(&watch, &[again.clone(), put_back.clone()], Ending::Succeeded);
    let ids: Vec<_> = take(&watch).records.iter().map(|record| record.id).collect();
    assert!(ids.contains(&again.message_id) && ids.contains(&put_back.message_id));
}

#[test]
fn a_long_task_is_told_while_it_runs_and_when_it_ends() {
    let watch = Watch::new(TASKS);
    let long = delivery(7, "log-parser");
    watch.received(&[long.clone(), delivery(8, "store-pulse-tasks")]);
    watch.started(&[long.receipt]);
    let now = Utc::now();
    let taken = watch.take(now, Duration::from_secs(5));
    assert!(taken.records.is_empty());
    assert_eq!(taken.active, BTreeMap::from([("log-parser", 1), ("store-pulse-tasks", 1)]));
    let later = watch.take(now + TimeDelta::seconds(6), Duration::from_secs(5)).records;
    assert_eq!((later.len(), later[0].id, later[0].state), (1, long.message_id, TaskState::Started));
    assert_eq!(later[0].runtime_s, None);
    assert!(watch.take(now + TimeDelta::seconds(12), Duration::from_secs(5)).records.is_empty());
    let many: Vec<_> = (100..200).map(|number| delivery(number, "log-parser")).collect();
    work(&watch, &many, Ending::Succeeded);
    watch.handled(&[long.receipt], Duration::from_millis(1));
    watch.ended(long.receipt, Ending::Succeeded);
    assert!(take(&watch).records.iter().any(|record| record.id == long.message_id));
}

#[test]
fn too_many_failures_are_counted_and_those_given_back_come_first() {
    let watch = Watch::new(TASKS);
    let number = MAX_KEPT + 3;
    let deliveries: Vec<_> = (0..number as i64).map(|number| delivery(number, "log-parser")).collect();
    work(&watch, &deliveries, Ending::Dead { error: "e" });
    let registry = crate::monitor::Registry::default();
    let records = metrics::with_local_recorder(&registry, || take(&watch)).records;
    assert_eq!(records.len(), MAX_KEPT);
    let dropped = registry.growth().into_iter().find(|growth| growth.metric == Metric::TaskRecordsDropped);
    assert_eq!(dropped.map(|growth| growth.by), Some(3.0));

    watch.give_back(records[..2].to_vec());
    work(&watch, &[delivery(999_999, "log-parser")], Ending::Dead { error: "new" });
    let ids: Vec<_> = take(&watch).records.iter().map(|record| record.id.row().unwrap().1).collect();
    assert_eq!(ids, [0, 1, 999_999]);
}

#[test]
fn names_of_strangers_do_not_become_labels() {
    let watch = Watch::new(TASKS);
    work(&watch, &[delivery(1, "rm -rf"), delivery(2, "log-parser")], Ending::Succeeded);
    let registry = crate::monitor::Registry::default();
    let mut names: Vec<_> = metrics::with_local_recorder(&registry, || take(&watch))
        .records
        .into_iter()
        .map(|record| record.task)
        .collect();
    names.sort();
    assert_eq!(names, ["log-parser", "unknown"]);
    let growth = registry.growth();
    let of = |task: &str, state: &str| {
        let labels =
            BTreeMap::from([("task".to_owned(), task.to_owned()), ("state".to_owned(), state.to_owned())]);
        growth.iter().find(|growth| growth.labels == labels).map(|growth| growth.by)
    };
    assert_eq!(
        (of("unknown", "succeeded"), of("log-parser", "received"), of("rm -rf", "received")),
        (Some(1.0), Some(1.0), None)
    );
}

#[test]
fn tasks_handled_together_share_their_time() {
    let watch = Watch::new(TASKS);
    let batch = [delivery(1, "log-parser"), delivery(2, "log-parser")];
    let receipts = [batch[0].receipt, batch[1].receipt];
    watch.received(&batch);
    watch.started(&receipts);
    watch.handled(&receipts, Duration::from_secs(3));
    receipts.iter().for_each(|receipt| watch.ended(*receipt, Ending::Succeeded));
    assert!(take(&watch).records.iter().all(|record| record.runtime_s == Some(1.5)));
}

#[test]
fn what_is_revoked_is_known_by_its_id() {
    let watch = Watch::new(TASKS);
    let (one, other) = (delivery(1, "log-parser"), delivery(2, "log-parser"));
    assert!(!watch.is_revoked(&one));
    watch.set_revoked(HashSet::from([one.message_id]));
    assert!(watch.is_revoked(&one) && !watch.is_revoked(&other));
}
