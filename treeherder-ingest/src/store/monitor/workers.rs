//! Which processes there are.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait as _;
use serde::Serialize;

use super::clock::now;
use super::rows::{Sql, count, maybe_moment, moment};
use crate::queue::QueueName;
use crate::store::Store;
use crate::store::error::StoreError;

/// Heartbeats that may be missing before a process counts as lost.
const MISSING_BEATS: u64 = 4;

/// A process that told about itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerRow {
    /// Its name, `worker_log_parser@host.4711`.
    pub name: String,
    /// Kind of process.
    pub pool: String,
    /// Name of its machine.
    pub host: String,
    /// Its number on the machine.
    pub pid: u32,
    /// Queues that it works on.
    pub queues: Vec<QueueName>,
    /// Batches that it works on at the same time.
    pub concurrency: u64,
    /// Version of the program.
    pub version: String,
    /// When it was started, by the clock of its machine.
    pub started: DateTime<Utc>,
    /// When it was heard of last, by the database's clock.
    pub heartbeat: DateTime<Utc>,
    /// How long ago that is.
    #[serde(rename = "heartbeat_age_s", serialize_with = "seconds")]
    pub age: Duration,
    /// When it stopped in order.
    pub stopped: Option<DateTime<Utc>>,
    /// Whether it has been heard of lately and has not stopped.
    pub alive: bool,
    /// Tasks in its hands at the last heartbeat, by name.
    pub active: BTreeMap<String, u64>,
    /// Tasks claimed since its start.
    pub received: u64,
    /// Tasks succeeded since its start.
    pub succeeded: u64,
    /// Failed attempts that are repeated, since its start.
    pub retried: u64,
    /// Tasks given up since its start.
    pub dead: u64,
    /// By how much its clock is ahead of the database's, in milliseconds.
    pub clock_offset_ms: i64,
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

impl WorkerRow {
    /// Tells whether it ended without saying so.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        !self.alive && self.stopped.is_none()
    }
}

impl Store {
    /// Lists the processes that told about themselves, sorted by name: living ones, and for some time ended ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        let sql = Sql::new(self.backend(), "SELECT monitor_worker.*, ");
        let sql = sql.text(now(self.backend())).text(" AS now FROM monitor_worker ORDER BY name");
        let mut workers = Vec::new();
        for row in self.connection().query_all_raw(sql.finish()).await? {
            let (heartbeat, now) = (moment(&row, "heartbeat")?, moment(&row, "now")?);
            let stopped = maybe_moment(&row, "stopped")?;
            let age = (now - heartbeat).to_std().unwrap_or_default();
            let interval = Duration::from_millis(count(&row, "interval_ms")?);
            let queues: String = row.try_get("", "queues")?;
            let active: String = row.try_get("", "active")?;
            workers.push(WorkerRow {
                name: row.try_get("", "name")?,
                pool: row.try_get("", "pool")?,
                host: row.try_get("", "host")?,
                pid: u32::try_from(count(&row, "pid")?).unwrap_or_default(),
                // Of another version's queues nothing is known here.
                queues: queues.split(',').filter_map(|name| name.parse().ok()).collect(),
                concurrency: count(&row, "concurrency")?,
                version: row.try_get("", "version")?,
                started: moment(&row, "started")?,
                heartbeat,
                age,
                stopped,
                alive: stopped.is_none()
                    && age.as_millis() < u128::from(MISSING_BEATS) * interval.as_millis(),
                active: serde_json::from_str(&active).unwrap_or_default(),
                received: count(&row, "received")?,
                succeeded: count(&row, "succeeded")?,
                retried: count(&row, "retried")?,
                dead: count(&row, "dead")?,
                clock_offset_ms: row.try_get("", "clock_offset")?,
            });
        }
        Ok(workers)
    }
}
