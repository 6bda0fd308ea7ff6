//! Writing a heartbeat.

use std::collections::{BTreeMap, HashSet};

use sea_orm::{ConnectionTrait as _, Value};

use super::clock::now;
use super::rows::{Sql, stored};
use crate::monitor::{Beat, Growth, TaskRecord};
use crate::queue::MessageId;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::writer::WriteTransaction;

/// Rows per statement: 14 columns of 500 rows are a fifth of what SQLite can bind.
const ROWS_PER_STATEMENT: usize = 500;

impl Store {
    /// Writes what a process tells, in one transaction, and returns the messages that are revoked.
    ///
    /// # Errors
    /// When the database fails; nothing is written then.
    pub async fn beat(&self, beat: &Beat<'_>) -> Result<HashSet<MessageId>, StoreError> {
        let transaction = self.begin_write().await?;
        self.write_process(&transaction, beat).await?;
        self.write_records(&transaction, &beat.process.name(), beat.records).await?;
        self.write_growth(&transaction, beat.growth).await?;
        transaction.commit().await?;
        self.revoked().await
    }

    async fn write_process(&self, transaction: &WriteTransaction, beat: &Beat<'_>) -> Result<(), StoreError> {
        let (process, now) = (beat.process, now(self.backend()));
        let queues: Vec<&str> = process.queues.iter().map(|queue| queue.as_str()).collect();
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let sql = Sql::new(
            self.backend(),
            "INSERT INTO monitor_worker (name, pool, host, pid, queues, concurrency, version, started, \
             interval_ms, active, received, succeeded, retried, dead, clock_offset, heartbeat, stopped) VALUES (",
        );
        let sql = [
            Value::from(process.name()),
            Value::from(process.pool.as_str()),
            Value::from(process.host.as_str()),
            Value::from(i64::from(process.pid)),
            Value::from(queues.join(",")),
            Value::from(i64::try_from(process.concurrency).unwrap_or(i64::MAX)),
            Value::from(process.version.as_str()),
            Value::from(stored(beat.started)),
            Value::from(i64::try_from(beat.interval.as_millis()).unwrap_or(i64::MAX)),
            Value::from(serde_json::to_string(beat.active).unwrap_or_default()),
            Value::from(number(beat.total.received)),
            Value::from(number(beat.total.succeeded)),
            Value::from(number(beat.total.retried)),
            Value::from(number(beat.total.dead)),
        ]
        .into_iter()
        .fold(sql, |sql, value| sql.bind(value).text(", "));
        let sql = sql.bind(stored(chrono::Utc::now())).text(&format!(" - {now}, {now}, "));
        let sql = sql.text(if beat.is_last { now } else { "NULL" });
        let columns = [
            "pool",
            "host",
            "pid",
            "queues",
            "concurrency",
            "version",
            "started",
            "interval_ms",
            "active",
            "received",
            "succeeded",
            "retried",
            "dead",
            "clock_offset",
            "heartbeat",
            "stopped",
        ];
        let updates: Vec<String> =
            columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let sql = sql.text(&format!(") ON CONFLICT (name) DO UPDATE SET {}", updates.join(", ")));
        transaction.execute_raw(sql.finish()).await?;
        Ok(())
    }

    /// Writes records of tasks; the last one of each task wins, and never an older over a newer one.
    pub(super) async fn write_records(
        &self,
        transaction: &WriteTransaction,
        worker: &str,
        records: &[TaskRecord],
    ) -> Result<(), StoreError> {
        // In the order of the ids, so that two processes never wait for each other.
        let last: BTreeMap<MessageId, &TaskRecord> =
            records.iter().map(|record| (record.id, record)).collect();
        let last: Vec<&TaskRecord> = last.into_values().collect();
        for chunk in last.chunks(ROWS_PER_STATEMENT) {
            let rows = chunk.iter().map(|record| {
                [
                    Value::from(record.id.to_string()),
                    Value::from(record.task.as_str()),
                    Value::from(record.queue.as_str()),
                    Value::from(record.state.as_str()),
                    Value::from(record.worker.as_deref().unwrap_or(worker)),
                    Value::from(storable(&record.args)),
                    Value::from(i64::from(record.attempts)),
                    Value::from(stored(record.published)),
                    Value::from(record.received.map(stored)),
                    Value::from(record.started.map(stored)),
                    Value::from(stored(record.updated)),
                    Value::from(record.runtime_s),
                    Value::from(record.due.map(stored)),
                    Value::from(record.error.as_deref().map(storable)),
                ]
            });
            let sql = Sql::new(
                self.backend(),
                "INSERT INTO monitor_task (id, task, queue, state, worker, args, attempts, published, \
                 received, started, updated, runtime, due, error) VALUES ",
            );
            let columns = [
                "task",
                "queue",
                "state",
                "worker",
                "args",
                "attempts",
                "published",
                "received",
                "started",
                "updated",
                "runtime",
                "due",
                "error",
            ];
            let updates: Vec<String> =
                columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
            let sql = sql.rows(rows).text(&format!(
                " ON CONFLICT (id) DO UPDATE SET {} WHERE excluded.updated >= monitor_task.updated",
                updates.join(", ")
            ));
            transaction.execute_raw(sql.finish()).await?;
        }
        Ok(())
    }

    async fn write_growth(
        &self,
        transaction: &WriteTransaction,
        growth: &[Growth],
    ) -> Result<(), StoreError> {
        let mut sums: BTreeMap<(&str, String, &str), f64> = BTreeMap::new();
        for grown in growth {
            let labels = serde_json::to_string(&grown.labels).unwrap_or_default();
            *sums.entry((grown.metric.name(), storable(&labels), &grown.part)).or_default() += grown.by;
        }
        // Sorted, so that two processes never wait for each other.
        let sums: Vec<_> = sums.into_iter().collect();
        for chunk in sums.chunks(ROWS_PER_STATEMENT) {
            let rows = chunk.iter().map(|((name, labels, part), by)| {
                [Value::from(*name), Value::from(labels.as_str()), Value::from(*part), Value::from(*by)]
            });
            let sql =
                Sql::new(self.backend(), "INSERT INTO monitor_metric (name, labels, part, value) VALUES ");
            let sql = sql.rows(rows).text(
                " ON CONFLICT (name, labels, part) DO UPDATE SET value = monitor_metric.value + excluded.value",
            );
            transaction.execute_raw(sql.finish()).await?;
        }
        Ok(())
    }
}

/// Replaces NUL characters, which PostgreSQL cannot store.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
