//! The heartbeat of a process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Growth, Process, Registry, TaskCounts, TaskRecord, Watch};
use crate::store::{Retention, Store};

/// How often old records are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(300);
/// How long the last beat may take.
const LAST_BEAT: Duration = Duration::from_secs(3);

/// How a heart beats.
#[derive(Clone, Debug)]
pub struct HeartOptions {
    /// Time between two beats; a process counts as lost when four are missing.
    pub interval: Duration,
    /// How long records are kept.
    pub retention: Retention,
}

impl Default for HeartOptions {
    fn default() -> Self {
        Self { interval: Duration::from_secs(5), retention: Retention::default() }
    }
}

/// What a process tells with one beat; the store writes it in one transaction.
#[derive(Debug)]
pub struct Beat<'b> {
    /// Who beats.
    pub process: &'b Process,
    /// Since when it has been running.
    pub started: DateTime<Utc>,
    /// Time between two beats.
    pub interval: Duration,
    /// Whether this is the last one.
    pub is_last: bool,
    /// Tasks in its hands, by name.
    pub active: &'b BTreeMap<&'static str, u64>,
    /// What it has done since its start.
    pub total: TaskCounts,
    /// Tasks to be recorded, oldest first.
    pub records: &'b [TaskRecord],
    /// Metrics that have grown.
    pub growth: &'b [Growth],
}

/// Tells the database, every few seconds, that a process lives and what it does.
///
/// A database that does not answer stops nothing: what could not be written is kept, within bounds, for the next
/// beat.
#[derive(Debug)]
pub struct Heart {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

struct Beating {
    store: Store,
    process: Process,
    started: DateTime<Utc>,
    watch: Arc<Watch>,
    registry: Registry,
    options: HeartOptions,
    is_failing: bool,
}

impl Heart {
    /// Starts to beat, at once and then every interval.
    #[must_use]
    pub fn start(
        store: Store,
        process: Process,
        watch: Arc<Watch>,
        registry: Registry,
        options: HeartOptions,
    ) -> Self {
        let stop = CancellationToken::new();
        let beating =
            Beating { store, process, started: Utc::now(), watch, registry, options, is_failing: false };
        let task = tokio::spawn(beating.run(stop.clone()));
        Self { stop, task }
    }

    /// Beats for the last time: what is left is written and the process is known to have stopped in order.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the heart of this process has failed");
        }
    }
}

impl Beating {
    async fn run(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(self.options.interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut pruned = tokio::time::Instant::now();
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.beat(false).await;
            if pruned.elapsed() >= PRUNE_EVERY {
                pruned = tokio::time::Instant::now();
                if let Err(error) = self.store.prune_monitor(&self.options.retention).await {
                    tracing::warn!(%error, "cannot remove old records of tasks, trying again later");
                }
            }
        }
        if tokio::time::timeout(LAST_BEAT, self.beat(true)).await.is_err() {
            tracing::warn!("the database did not take the last heartbeat in time");
        }
    }

    async fn beat(&mut self, is_last: bool) {
        let taken = self.watch.take(Utc::now(), self.options.interval);
        let growth = self.registry.growth();
        let beat = Beat {
            process: &self.process,
            started: self.started,
            interval: self.options.interval,
            is_last,
            active: &taken.active,
            total: taken.total,
            records: &taken.records,
            growth: &growth,
        };
        match self.store.beat(&beat).await {
            Ok(revoked) => {
                self.registry.confirm();
                self.watch.set_revoked(revoked);
                if std::mem::take(&mut self.is_failing) {
                    tracing::info!("heartbeats are written again");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::warn!(%error, "cannot write the heartbeat, trying again with the next");
                }
                self.watch.give_back(taken.records);
            }
        }
    }
}
