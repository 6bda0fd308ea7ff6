//! What the workers of this process do, as it happens.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::arguments::{UNKNOWN_TASK, summary, task_name};
use super::records::Records;
use super::{Metric, TaskRecord, TaskState};
use crate::queue::{Delivery, Ending, MessageId, Observer, QueueName, Receipt};
use crate::store::{Store, StoreError};

/// Largest payload that is remembered while its message is worked on.
const MAX_PAYLOAD_BYTES: usize = 32 * 1024;
/// Most long tasks that are told at a time.
const MAX_LONG_TASKS: usize = 200;

/// How often something happened to the tasks of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Claimed.
    pub received: u64,
    /// Handed to a handler.
    pub started: u64,
    /// Effect stored.
    pub succeeded: u64,
    /// Attempts failed: the sum of the next two.
    pub failed: u64,
    /// Put off to be tried again.
    pub retried: u64,
    /// Given up.
    pub dead: u64,
    /// Removed because they were revoked.
    pub revoked: u64,
    /// Given back without an attempt.
    pub released: u64,
}

impl TaskCounts {
    /// Lists the counts with the values of the label `state`.
    fn by_state(self) -> [(&'static str, u64); 8] {
        [
            ("received", self.received),
            ("started", self.started),
            ("succeeded", self.succeeded),
            ("failed", self.failed),
            ("retried", self.retried),
            ("dead", self.dead),
            ("revoked", self.revoked),
            ("released", self.released),
        ]
    }

    fn add(&mut self, other: Self) {
        self.received += other.received;
        self.started += other.started;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.retried += other.retried;
        self.dead += other.dead;
        self.revoked += other.revoked;
        self.released += other.released;
    }
}

/// Looks on while the workers of a process work, and remembers what is to be told.
///
/// What it costs is bounded. Every event is counted, in memory. Records are kept of all failures, revocations and
/// ends of tasks that failed before or were told while they ran, and of the slowest successes of each task
/// between two heartbeats; so at few messages a second every one has a record, and at thousands a few do. The heart
/// takes all of it together and writes it in one transaction.
#[derive(Debug)]
pub struct Watch {
    known_tasks: &'static [&'static str],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    active: HashMap<Receipt, Active>,
    records: Records,
    fresh: BTreeMap<&'static str, TaskCounts>,
    total: TaskCounts,
    revoked: HashSet<MessageId>,
}

/// A message in the hands of this process.
#[derive(Debug)]
struct Active {
    id: MessageId,
    task: &'static str,
    queue: QueueName,
    attempts: u32,
    failed_before: bool,
    published: DateTime<Utc>,
    received: DateTime<Utc>,
    started: Option<DateTime<Utc>>,
    busy: Duration,
    payload: Option<String>,
    /// A record of it says that it runs.
    is_told: bool,
}

/// What happened since it was taken last.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) records: Vec<TaskRecord>,
    /// Tasks in the hands of this process, by name.
    pub(super) active: BTreeMap<&'static str, u64>,
    /// Everything since the start of the process.
    pub(super) total: TaskCounts,
}

impl Watch {
    /// Makes a watch that tells the tasks of these names apart; all others are `unknown`.
    ///
    /// Messages name their tasks and anybody who can publish writes messages, so the names have to have an end.
    #[must_use]
    pub fn new(known_tasks: &'static [&'static str]) -> Self {
        Self { known_tasks, state: Mutex::default() }
    }

    /// Returns what was counted since the start of the process.
    #[must_use]
    pub fn total(&self) -> TaskCounts {
        self.state().total
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing between lock and unlock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the records, tells the counts to the metrics and adds what has been running for longer than `long`.
    pub(super) fn take(&self, now: DateTime<Utc>, long: Duration) -> Taken {
        let mut state = self.state();
        let state = &mut *state;
        for (task, counts) in std::mem::take(&mut state.fresh) {
            for (name, number) in counts.by_state() {
                Metric::TasksTotal.add(&[("task", task), ("state", name)], number);
            }
        }
        let (mut records, dropped) = state.records.take();
        Metric::TaskRecordsDropped.add(&[], dropped);
        let mut active: BTreeMap<&'static str, u64> = BTreeMap::new();
        let long_ago = now - TimeDelta::from_std(long).unwrap_or(TimeDelta::MAX);
        let mut told = 0;
        for one in state.active.values_mut() {
            *active.entry(one.task).or_default() += 1;
            let is_long = one.started.is_some_and(|started| started <= long_ago);
            if is_long && !one.is_told && told < MAX_LONG_TASKS {
                one.is_told = true;
                told += 1;
                records.push(one.record(TaskState::Started, one.started.unwrap_or(now)));
            }
        }
        Taken { records, active, total: state.total }
    }

    /// Takes records back that could not be written down.
    pub(super) fn give_back(&self, records: Vec<TaskRecord>) {
        self.state().records.give_back(records);
    }

    /// Finds out which messages were revoked before this process was there; heartbeats tell of those that follow.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn learn_revoked(&self, store: &Store) -> Result<(), StoreError> {
        let revoked = store.revoked().await?;
        // A heartbeat that has looked later may have been here before.
        self.state().revoked.extend(revoked);
        Ok(())
    }

    /// Sets which messages are to be removed when they come up.
    pub(super) fn set_revoked(&self, revoked: HashSet<MessageId>) {
        self.state().revoked = revoked;
    }

    fn static_name(&self, payload: &str) -> &'static str {
        let name = task_name(payload);
        self.known_tasks.iter().find(|known| **known == name).copied().unwrap_or(UNKNOWN_TASK)
    }
}

impl Active {
    fn record(&self, state: TaskState, updated: DateTime<Utc>) -> TaskRecord {
        TaskRecord {
            id: self.id,
            task: self.task.to_owned(),
            queue: self.queue,
            state,
            worker: None,
            args: self.payload.as_deref().map_or_else(|| r#"{"…":"large message"}"#.to_owned(), summary),
            attempts: self.attempts,
            published: self.published,
            received: Some(self.received),
            started: self.started,
            updated,
            runtime_s: (state != TaskState::Started && self.started.is_some())
                .then_some(self.busy.as_secs_f64()),
            due: None,
            error: None,
            revoked_by: None,
        }
    }
}

impl Observer for Watch {
    fn received(&self, deliveries: &[Delivery]) {
        let now = Utc::now();
        let mut state = self.state();
        let state = &mut *state;
        for delivery in deliveries {
            let task = self.static_name(&delivery.payload);
            state.count(task, TaskCounts { received: 1, ..TaskCounts::default() });
            let payload = (delivery.payload.len() <= MAX_PAYLOAD_BYTES).then(|| delivery.payload.clone());
            state.active.insert(
                delivery.receipt,
                Active {
                    id: delivery.message_id,
                    task,
                    queue: delivery.queue,
                    attempts: delivery.attempts,
                    failed_before: delivery.attempts > 1 || delivery.last_error.is_some(),
                    published: delivery.first_seen,
                    received: now,
                    started: None,
                    busy: Duration::ZERO,
                    payload,
                    is_told: false,
                },
            );
        }
    }

    fn is_revoked(&self, delivery: &Delivery) -> bool {
        let state = self.state();
        !state.revoked.is_empty() && state.revoked.contains(&delivery.message_id)
    }

    fn started(&self, receipts: &[Receipt]) {
        let now = Utc::now();
        let mut state = self.state();
        for receipt in receipts {
            let Some(active) = state.active.get_mut(receipt) else { continue };
            let is_first = active.started.is_none();
            active.started.get_or_insert(now);
            let task = active.task;
            if is_first {
                state.count(task, TaskCounts { started: 1, ..TaskCounts::default() });
            }
        }
    }

    fn handled(&self, receipts: &[Receipt], took: Duration) {
        let share = took / u32::try_from(receipts.len().max(1)).unwrap_or(u32::MAX);
        let mut times: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut state = self.state();
        for receipt in receipts {
            if let Some(active) = state.active.get_mut(receipt) {
                active.busy += share;
                *times.entry(active.task).or_default() += 1;
            }
        }
        drop(state);
        for (task, number) in times {
            let time = share * u32::try_from(number).unwrap_or(u32::MAX);
            Metric::TaskSeconds.record(&[("task", task)], time, number);
        }
    }

    fn ended(&self, receipt: Receipt, ending: Ending<'_>) {
        let mut state = self.state();
        let state = &mut *state;
        let Some(active) = state.active.remove(&receipt) else { return };
        let now = Utc::now();
        let mut counts = TaskCounts::default();
        let failed = |task_state, error: &str| {
            let mut record = active.record(task_state, now);
            record.error = Some(error.to_owned());
            record
        };
        match ending {
            Ending::Succeeded => {
                counts.succeeded = 1;
                if active.failed_before || active.is_told {
                    state.records.keep(active.record(TaskState::Success, now));
                } else {
                    let make = || active.record(TaskState::Success, now);
                    state.records.sample(active.task, active.busy, make);
                }
            }
            Ending::Retried { delay, error } => {
                (counts.failed, counts.retried) = (1, 1);
                let mut record = failed(TaskState::Retry, error);
                record.due = TimeDelta::from_std(delay).ok().and_then(|delay| now.checked_add_signed(delay));
                state.records.keep(record);
            }
            Ending::Dead { error } => {
                (counts.failed, counts.dead) = (1, 1);
                state.records.keep(failed(TaskState::Failure, error));
            }
            Ending::Revoked => {
                counts.revoked = 1;
                state.records.keep(active.record(TaskState::Revoked, now));
            }
            Ending::Released => {
                counts.released = 1;
                if active.is_told {
                    state.records.keep(active.record(TaskState::Pending, now));
                }
            }
        }
        state.count(active.task, counts);
    }
}

impl State {
    fn count(&mut self, task: &'static str, counts: TaskCounts) {
        self.fresh.entry(task).or_default().add(counts);
        self.total.add(counts);
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
