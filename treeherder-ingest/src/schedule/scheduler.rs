//! Waits for due times and publishes.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::Periodic;
use crate::pipeline::WorkItemError;
use crate::queue::{Clock, Queue, QueueError, QueueName, SystemClock};
use crate::store::error::StoreError;
use crate::store::{Firing, Store};

/// How long the others leave a firing to the scheduler that began it.
const LEASE: Duration = Duration::from_secs(30);

/// Longest sleep: after it the clock is read again, which somebody may have set, and the switches of the entries.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Longest pause before the database or the queue is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Publishes periodic tasks when they are due, together with any number of others.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use treeherder_ingest::{queue::SqlQueue, schedule::{Periodic, Scheduler}, store::Store};
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::connect("sqlite://treeherder.sqlite?mode=rwc", 2).await?;
/// let queue = Arc::new(SqlQueue::new(store.connection().clone(), "scheduler"));
/// let scheduler = Scheduler::new(store, queue, "machine-1", Periodic::all().collect());
/// scheduler.run(&tokio_util::sync::CancellationToken::new()).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Scheduler {
    store: Store,
    queue: Arc<dyn Queue>,
    owner: String,
    entries: Vec<&'static Periodic>,
    clock: Arc<dyn Clock>,
}

/// A periodic task was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Its name.
    pub name: &'static str,
    /// When it was due.
    pub due: DateTime<Utc>,
    /// How many due times before that nobody fired.
    pub missed: usize,
}

/// A periodic task cannot be published now.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The database failed.
    #[error("the schedule cannot be read or written: {0}")]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error("{name} cannot be put on queue {queue}: {source}")]
    Queue {
        /// The periodic task.
        name: &'static str,
        /// Where it belongs.
        queue: QueueName,
        /// What is wrong.
        source: QueueError,
    },
    /// The work item has no form; that is a mistake in the program.
    #[error("{name}: {source}")]
    Item {
        /// The periodic task.
        name: &'static str,
        /// What is wrong.
        source: WorkItemError,
    },
}

impl Scheduler {
    /// Makes a scheduler for these entries; `owner` is its name, which no other one has.
    #[must_use]
    pub fn new(
        store: Store,
        queue: Arc<dyn Queue>,
        owner: impl Into<String>,
        entries: Vec<&'static Periodic>,
    ) -> Self {
        Self { store, queue, owner: owner.into(), entries, clock: Arc::new(SystemClock) }
    }

    /// Reads the time from another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Publishes what is due, whenever it is, until `stop` is cancelled. Failures are told and tried again.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut pause = Duration::from_millis(250);
        loop {
            // Not to be cancelled: what is published is to be noted.
            let sleep = match self.fire_due().await {
                Ok(_) => {
                    pause = Duration::from_millis(250);
                    self.until_next().await
                }
                Err(error) => {
                    tracing::error!(%error, "a periodic task is delayed, trying again");
                    let sleep = pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    sleep
                }
            };
            if stop.run_until_cancelled(tokio::time::sleep(sleep)).await.is_none() {
                return;
            }
        }
    }

    /// Publishes what is due and nobody else has published or is about to.
    ///
    /// # Errors
    /// The first failure; the other entries were tried all the same.
    pub async fn fire_due(&self) -> Result<Vec<Fired>, ScheduleError> {
        let names: Vec<&str> = self.entries.iter().map(|entry| entry.name).collect();
        let mut known = self.store.schedule_entries().await?;
        if names.iter().any(|name| known.iter().all(|entry| entry.name != *name)) {
            self.store.add_schedule_entries(&names).await?;
            known = self.store.schedule_entries().await?;
        }
        let now = self.now();
        let mut fired = Vec::new();
        let mut failure = None;
        for entry in &self.entries {
            let Some(due) = entry.latest_due(now) else { continue };
            let row = known.iter().find(|row| row.name == entry.name);
            let is_done = row.is_some_and(|row| {
                !row.enabled || row.last_due.is_some_and(|last| last >= due.timestamp_millis())
            });
            if is_done {
                continue;
            }
            match self.fire(entry, due).await {
                Ok(Some(firing)) => fired.push(firing),
                Ok(None) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(fired), Err)
    }

    /// Publishes one periodic task now, whether it is due or not; its schedule stays as it is.
    ///
    /// # Errors
    /// When it cannot be published.
    pub async fn publish(&self, entry: &Periodic) -> Result<QueueName, ScheduleError> {
        let message =
            entry.item().to_message().map_err(|source| ScheduleError::Item { name: entry.name, source })?;
        let queue = message.queue;
        let published = self.queue.publish(&[message]).await;
        published.map_err(|source| ScheduleError::Queue { name: entry.name, queue, source })?;
        Ok(queue)
    }

    async fn fire(
        &self,
        entry: &'static Periodic,
        due: DateTime<Utc>,
    ) -> Result<Option<Fired>, ScheduleError> {
        let firing = Firing { name: entry.name, due: due.timestamp_millis(), owner: &self.owner };
        let now = self.clock.now();
        let until = now.saturating_add(i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX));
        let Some(claimed) = self.store.claim_firing(firing, now, until).await? else { return Ok(None) };
        let queue = match self.publish(entry).await {
            Ok(queue) => queue,
            Err(error) => {
                // Somebody else may have a better connection; without this they would wait for the lease's end.
                self.store.give_firing_back(firing).await?;
                return Err(error);
            }
        };
        let last = claimed.last_due.and_then(DateTime::from_timestamp_millis);
        let (missed, last_missed) = last.map_or((0, None), |last| entry.between(last, due));
        let number = i64::try_from(missed).unwrap_or(i64::MAX);
        let last_missed = last_missed.map(|moment| moment.timestamp_millis());
        if !self.store.complete_firing(firing, self.clock.now(), number, last_missed).await? {
            tracing::warn!(name = entry.name, %due, "publishing took so long that another scheduler did it too");
        }
        if missed > 0 {
            tracing::warn!(name = entry.name, missed, last_due = ?last, %due, "no scheduler was there at due times");
        }
        tracing::info!(name = entry.name, queue.name = %queue, %due, "published a periodic task");
        Ok(Some(Fired { name: entry.name, due, missed }))
    }

    /// Returns the time until the next due time, or until a lease runs out that somebody else holds.
    async fn until_next(&self) -> Duration {
        let now = self.now();
        let dues = self.entries.iter().filter_map(|entry| entry.next_due(now));
        // Where the database fails, the next look at it tells.
        let leases = self.store.schedule_entries().await.unwrap_or_default();
        let leases = leases.iter().filter_map(|row| row.lease).filter_map(DateTime::from_timestamp_millis);
        let next = dues.chain(leases).filter(|moment| *moment > now).min();
        let sleep = next.and_then(|next| (next - now).to_std().ok()).unwrap_or(LONGEST_SLEEP);
        sleep.min(LONGEST_SLEEP)
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.clock.now()).unwrap_or_else(Utc::now)
    }
}
