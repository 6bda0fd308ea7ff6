//! Counts what workers do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::QueueName;

/// Counters of all queues; cheap to update from any task.
#[derive(Debug, Default)]
pub struct Statistics([Counters; QueueName::COUNT]);

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) claimed: AtomicU64,
    pub(crate) done: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) released: AtomicU64,
    pub(crate) revoked: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) time_limits: AtomicU64,
    pub(crate) lost_leases: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) busy_micros: AtomicU64,
}

/// What workers of one queue did since the process started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueCounts {
    /// Which queue.
    pub queue: QueueName,
    /// Messages claimed.
    pub claimed: u64,
    /// Messages processed.
    pub done: u64,
    /// Failed attempts that will be repeated.
    pub retried: u64,
    /// Messages given up.
    pub dead: u64,
    /// Messages given back without an attempt.
    pub released: u64,
    /// Messages removed because they were revoked.
    pub revoked: u64,
    /// Panics of the handler.
    pub panics: u64,
    /// Batches that met the soft time limit.
    pub time_limits: u64,
    /// Messages that somebody else got before they were settled.
    pub lost_leases: u64,
    /// Messages in the workers' hands right now.
    pub in_flight: u64,
    /// Time spent in handlers, summed over all of them.
    pub busy: Duration,
}

impl Statistics {
    pub(crate) fn of(&self, queue: QueueName) -> &Counters {
        &self.0[queue.index()]
    }

    /// Reads the counters of every queue, in the order of [`QueueName::all`].
    #[must_use]
    pub fn snapshot(&self) -> Vec<QueueCounts> {
        QueueName::all()
            .map(|queue| {
                let counters = self.of(queue);
                let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
                QueueCounts {
                    queue,
                    claimed: read(&counters.claimed),
                    done: read(&counters.done),
                    retried: read(&counters.retried),
                    dead: read(&counters.dead),
                    released: read(&counters.released),
                    revoked: read(&counters.revoked),
                    panics: read(&counters.panics),
                    time_limits: read(&counters.time_limits),
                    lost_leases: read(&counters.lost_leases),
                    in_flight: read(&counters.in_flight),
                    busy: Duration::from_micros(read(&counters.busy_micros)),
                }
            })
            .collect()
    }
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}

/// Takes from a counter.
pub(crate) fn take(counter: &AtomicU64, number: usize) {
    counter.fetch_sub(number as u64, Ordering::Relaxed);
}
