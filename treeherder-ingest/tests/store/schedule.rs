//! Periodic tasks: each due time is fired once, whoever dies.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use treeherder_ingest::queue::{Clock as _, ManualClock, Queue as _, QueueName, SqlQueue};
use treeherder_ingest::schedule::{Fired, Periodic, Scheduler};
use treeherder_ingest::store::Firing;

use crate::support::database::{Backend, TestStore};

on_every_database!(
    each_due_time_is_fired_once_among_three,
    missed_due_times_are_counted_and_the_latest_is_made_up_for,
    a_scheduler_that_dies_is_replaced_when_its_lease_runs_out,
    what_cannot_be_published_is_tried_again,
    a_switched_off_task_is_not_fired,
);

/// Two of the periodic tasks, whatever others there are.
fn entries() -> Vec<&'static Periodic> {
    ["fetch-push-logs", "publish-stats"].map(|name| Periodic::named(name).unwrap()).into()
}

/// 2026-11-22T10:00:00Z.
const START: i64 = 1_795_341_600_000;
const MINUTE: Duration = Duration::from_secs(60);

struct Machines {
    test: TestStore,
    queue: Arc<SqlQueue>,
    clock: Arc<ManualClock>,
}

impl Machines {
    async fn new(backend: Backend) -> Option<Self> {
        let test = TestStore::empty(backend).await?;
        let queue = Arc::new(SqlQueue::new(test.store.connection().clone(), "test"));
        Some(Self { test, queue, clock: Arc::new(ManualClock::new(START)) })
    }

    fn scheduler(&self, owner: &str) -> Scheduler {
        let queue = Arc::<SqlQueue>::clone(&self.queue);
        let scheduler = Scheduler::new(self.test.store.clone(), queue, owner, entries());
        scheduler.with_clock(Arc::<ManualClock>::clone(&self.clock))
    }

    /// How many work items are on the queues of the two tasks: pushlogs, statistics.
    async fn published(&self) -> (u64, u64) {
        let depths = self.queue.depths().await.unwrap();
        let ready = |queue: QueueName| depths.iter().find(|depth| depth.queue == queue).unwrap().ready;
        (ready(QueueName::Pushlog), ready(QueueName::Statsd))
    }
}

fn names(fired: &[Fired]) -> Vec<&str> {
    fired.iter().map(|fired| fired.name).collect()
}

async fn each_due_time_is_fired_once_among_three(backend: Backend) {
    let Some(machines) = Machines::new(backend).await else { return };
    let schedulers = ["a", "b", "c"].map(|owner| Arc::new(machines.scheduler(owner)));
    let mut expected = (0, 0);
    // An hour, looked at every 100 seconds by all three at the same moment.
    for step in 0..36_i64 {
        let tries = schedulers
            .clone()
            .map(|scheduler| tokio::spawn(async move { scheduler.fire_due().await.unwrap().len() as u64 }));
        let mut fired = 0;
        for attempt in tries {
            fired += attempt.await.unwrap();
        }
        let (before, now) = ((step * 100 - 100) / 300, step * 100 / 300);
        if step == 0 || before != now {
            expected.0 += 1;
        }
        let (before, now) = ((step * 100 - 100) / 1200, step * 100 / 1200);
        if step == 0 || before != now {
            expected.1 += 1;
        }
        let published = machines.published().await;
        assert_eq!(published, expected, "after {} s", step * 100);
        assert!(fired <= 2);
        machines.clock.advance(Duration::from_secs(100));
    }
    assert_eq!(expected, (12, 3));
    let entries = machines.test.store.schedule_entries().await.unwrap();
    let counts: Vec<_> =
        entries.iter().map(|entry| (entry.name.as_str(), entry.fired, entry.missed)).collect();
    assert_eq!(counts, [("fetch-push-logs", 12, 0), ("publish-stats", 3, 0)]);
}

async fn missed_due_times_are_counted_and_the_latest_is_made_up_for(backend: Backend) {
    let Some(machines) = Machines::new(backend).await else { return };
    let scheduler = machines.scheduler("a");
    assert_eq!(names(&scheduler.fire_due().await.unwrap()), ["fetch-push-logs", "publish-stats"]);
    assert!(scheduler.fire_due().await.unwrap().is_empty());
    // Nobody is there at 10:05, 10:10, 10:15; another one starts at 10:21.
    machines.clock.advance(21 * MINUTE);
    let fired = machines.scheduler("b").fire_due().await.unwrap();
    let due = DateTime::from_timestamp_millis(START + 1_200_000).unwrap();
    assert_eq!(fired[0], Fired { name: "fetch-push-logs", due, missed: 3 });
    assert_eq!(fired[1], Fired { name: "publish-stats", due, missed: 0 });
    assert_eq!(machines.published().await, (2, 2));
    let entry = &machines.test.store.schedule_entries().await.unwrap()[0];
    assert_eq!((entry.fired, entry.missed), (2, 3));
    assert_eq!(entry.last_missed, Some(START + 900_000));
    assert_eq!((entry.last_due, entry.last_fired), (Some(START + 1_200_000), Some(START + 1_260_000)));
}

async fn a_scheduler_that_dies_is_replaced_when_its_lease_runs_out(backend: Backend) {
    let Some(machines) = Machines::new(backend).await else { return };
    let names: Vec<&str> = entries().iter().map(|entry| entry.name).collect();
    machines.test.store.add_schedule_entries(&names).await.unwrap();
    // It took the lease and was killed before it published.
    let firing = Firing { name: "publish-stats", due: START, owner: "killed" };
    let claimed = machines.test.store.claim_firing(firing, START, START + 30_000).await.unwrap();
    assert_eq!(claimed.unwrap().last_due, None);
    let scheduler = machines.scheduler("a");
    scheduler.fire_due().await.unwrap();
    assert_eq!(machines.published().await, (1, 0));
    machines.clock.advance(Duration::from_secs(30));
    scheduler.fire_due().await.unwrap();
    assert_eq!(machines.published().await, (1, 1));
    // What the dead one says later does not count.
    assert!(!machines.test.store.complete_firing(firing, START, 0, None).await.unwrap());
}

async fn what_cannot_be_published_is_tried_again(backend: Backend) {
    let Some(machines) = Machines::new(backend).await else { return };
    // A queue in a database without tables.
    let elsewhere = treeherder_ingest::store::Store::connect("sqlite::memory:", 1).await.unwrap();
    let broken = Arc::new(SqlQueue::new(elsewhere.connection().clone(), "broken"));
    let scheduler =
        Scheduler::new(machines.test.store.clone(), broken, "a", entries())
            .with_clock(Arc::<ManualClock>::clone(&machines.clock));
    let error = scheduler.fire_due().await.unwrap_err().to_string();
    assert!(error.contains("fetch-push-logs") && error.contains("pushlog"), "{error}");
    // At once, and without a wait for a lease.
    assert_eq!(machines.clock.now(), START);
    assert_eq!(machines.scheduler("b").fire_due().await.unwrap().len(), 2);
    assert_eq!(machines.published().await, (1, 1));
}

async fn a_switched_off_task_is_not_fired(backend: Backend) {
    let Some(machines) = Machines::new(backend).await else { return };
    let store = &machines.test.store;
    assert!(!store.enable_schedule_entry("publish-stats", false).await.unwrap());
    store.add_schedule_entries(&["publish-stats"]).await.unwrap();
    assert!(store.enable_schedule_entry("publish-stats", false).await.unwrap());
    let scheduler = machines.scheduler("a");
    assert_eq!(names(&scheduler.fire_due().await.unwrap()), ["fetch-push-logs"]);
    // It can still be done by hand, and that changes no schedule.
    let entry = Periodic::named("publish-stats").unwrap();
    assert_eq!(scheduler.publish(entry).await.unwrap(), QueueName::Statsd);
    assert_eq!(machines.published().await, (1, 1));
    store.enable_schedule_entry("publish-stats", true).await.unwrap();
    assert_eq!(names(&scheduler.fire_due().await.unwrap()), ["publish-stats"]);
}
