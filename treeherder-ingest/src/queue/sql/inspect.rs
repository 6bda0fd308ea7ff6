//! Counting messages and looking at dead letters.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use super::statement::Builder;
use super::{DeadLetter, Depth, MessageId, Page, QueueName, SqlQueue, Waiting};

/// Most dead letters on one page.
const MAX_PAGE: u32 = 1_000;

/// Makes a time of stored milliseconds.
pub(super) fn moment(milliseconds: i64) -> DateTime<Utc> {
    // Only a damaged row can be out of chrono's range (some 260,000 years).
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}

/// Makes a count of a stored number.
pub(super) fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

impl SqlQueue {
    pub(super) async fn read_depths(&self) -> Result<Vec<Depth>, DbErr> {
        let now = self.clock.now();
        let mut depths: Vec<Depth> = QueueName::all().map(Depth::empty).collect();

        let mut ready = self.builder();
        ready.text("SELECT queue, COUNT(*), MIN(due) FROM queue_message WHERE due <= ").bind(now);
        ready.text(" GROUP BY queue");
        self.each_depth(&mut depths, ready, |depth, row| {
            depth.ready = number(row, 1)?;
            let oldest: i64 = row.try_get_by_index(2)?;
            depth.oldest_ready = Some(Duration::from_millis(u64::try_from(now - oldest).unwrap_or(0)));
            Ok(())
        })
        .await?;

        let mut waiting = self.builder();
        waiting.text("SELECT queue, COUNT(lease), COUNT(*) FROM queue_message");
        waiting.waiting_after(now).text(" GROUP BY queue");
        self.each_depth(&mut depths, waiting, |depth, row| {
            depth.leased = number(row, 1)?;
            depth.delayed = number(row, 2)? - depth.leased;
            Ok(())
        })
        .await?;

        let mut dead = self.builder();
        dead.text("SELECT queue, COUNT(*) FROM queue_message WHERE due IS NULL GROUP BY queue");
        self.each_depth(&mut depths, dead, |depth, row| {
            depth.dead = number(row, 1)?;
            Ok(())
        })
        .await?;
        Ok(depths)
    }

    /// Runs a statement whose first column is a queue and lets `read` put the others into the queue's depth.
    async fn each_depth(
        &self,
        depths: &mut [Depth],
        sql: Builder,
        read: impl Fn(&mut Depth, &QueryResult) -> Result<(), DbErr>,
    ) -> Result<(), DbErr> {
        for row in self.connection.query_all_raw(sql.finish()).await? {
            let name: String = row.try_get_by_index(0)?;
            match name.parse::<QueueName>() {
                Ok(queue) => read(&mut depths[queue.index()], &row)?,
                Err(error) => {
                    tracing::warn!(%error, "the database holds messages of another version's queue");
                }
            }
        }
        Ok(())
    }

    pub(super) async fn read_dead_letters(
        &self,
        queue: QueueName,
        page: Page,
    ) -> Result<Vec<DeadLetter>, DbErr> {
        let mut sql = self.builder();
        sql.text(
            "SELECT id, attempts, first_seen, dead_since, error, payload FROM queue_message WHERE queue = ",
        );
        sql.bind(queue.as_str()).text(" AND due IS NULL AND id < ").bind(page.before.unwrap_or(i64::MAX));
        sql.text(" ORDER BY id DESC LIMIT ").bind(i64::from(page.limit.min(MAX_PAGE)));
        let rows = self.connection.query_all_raw(sql.finish()).await?;
        rows.iter()
            .map(|row| {
                let (id, first_seen) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
                Ok(DeadLetter {
                    queue,
                    id,
                    message_id: MessageId::of_row(first_seen, id),
                    attempts: count(i64::from(row.try_get_by_index::<i32>(1)?)),
                    first_seen: moment(first_seen),
                    dead_since: moment(row.try_get_by_index::<Option<i64>>(3)?.unwrap_or_default()),
                    error: row.try_get_by_index::<Option<String>>(4)?.unwrap_or_default(),
                    payload: row.try_get_by_index(5)?,
                })
            })
            .collect()
    }

    /// Reads a message that nobody has in hands and that is no dead letter, or removes it.
    pub(super) async fn one_waiting(
        &self,
        message: MessageId,
        verb: &str,
        returning: &str,
    ) -> Result<Option<Waiting>, DbErr> {
        const COLUMNS: &str = " queue, payload, attempts, due, error";
        let Some((first_seen, id)) = message.row() else { return Ok(None) };
        let mut sql = self.builder();
        sql.text(verb).text(if returning.is_empty() { COLUMNS } else { "" });
        sql.text(" FROM queue_message WHERE id = ").bind(id).text(" AND first_seen = ").bind(first_seen);
        // A lease that ran out holds nothing any more.
        sql.text(" AND due IS NOT NULL AND (lease IS NULL OR due <= ").bind(self.clock.now()).text(")");
        sql.text(returning).text(if returning.is_empty() { "" } else { COLUMNS });
        let Some(row) = self.connection.query_one_raw(sql.finish()).await? else { return Ok(None) };
        let queue: String = row.try_get_by_index(0)?;
        Ok(Some(Waiting {
            message_id: message,
            queue: queue.parse().map_err(|error| DbErr::Custom(format!("{error} in queue_message")))?,
            payload: row.try_get_by_index(1)?,
            attempts: count(i64::from(row.try_get_by_index::<i32>(2)?)),
            first_seen: moment(first_seen),
            due: moment(row.try_get_by_index(3)?),
            last_error: row.try_get_by_index(4)?,
        }))
    }

    /// Starts the statement that puts dead letters of a queue back; the error stays, as the last one met.
    pub(super) fn revival(&self, queue: QueueName) -> Builder {
        let mut sql = self.builder();
        sql.text("UPDATE queue_message SET attempts = 0, dead_since = NULL, due = ").bind(self.clock.now());
        sql.text(" WHERE queue = ").bind(queue.as_str()).text(" AND due IS NULL");
        sql
    }
}

fn number(row: &QueryResult, column: usize) -> Result<u64, DbErr> {
    Ok(u64::try_from(row.try_get_by_index::<i64>(column)?).unwrap_or(0))
}
