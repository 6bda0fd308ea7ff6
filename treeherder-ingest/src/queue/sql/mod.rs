//! Queues in a table of SQLite or PostgreSQL.

mod inspect;
mod statement;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, Value};

use super::clock::milliseconds;
use super::message::storable_error;
use super::wake::WakeUps;
use super::{
    Burial, Clock, DeadLetter, Delivery, Depth, Message, MessageId, Page, Priority, Queue, QueueError,
    QueueName, Receipt, Retry, SystemClock, Waiting, WakeUp,
};
use crate::writer::Writer;
use inspect::{count, moment};
use statement::{Builder, insert_statements};

/// Rows per statement: far below the bind limits (SQLite 32,766, PostgreSQL 65,535).
const ROWS_PER_STATEMENT: usize = 500;
/// Payload bytes per statement, unless a single payload is larger.
const BYTES_PER_STATEMENT: usize = 8 * 1024 * 1024;
/// Most messages one claim hands out.
const MAX_CLAIM: usize = 1_000;

/// Queues in the table `queue_message`, created by [`Migration`](super::Migration).
///
/// A clone shares the wake-ups; handles made separately wake each other only by polling. `owner` names the process
/// in its leases, so that a restarted process can free what its predecessor left ([`Queue::reclaim`]). Lease and
/// delay are reckoned by the clock of the process, so machines that share a database need synchronised clocks (a
/// few seconds of difference do no harm beside a lease of a minute).
#[derive(Clone, Debug)]
pub struct SqlQueue {
    connection: DatabaseConnection,
    writer: Writer,
    owner: String,
    clock: Arc<dyn Clock>,
    wake_ups: Arc<WakeUps>,
}

/// Messages were written by [`SqlQueue::publish_in`]; call [`announce`](Self::announce) after the commit.
///
/// Without it consumers find the messages at their next poll.
#[derive(Debug)]
#[must_use = "call announce() after the commit, so that consumers wake at once"]
pub struct Published {
    wake_ups: Arc<WakeUps>,
    queues: Vec<QueueName>,
}

impl Published {
    /// Wakes the consumers of the queues in question.
    pub fn announce(self) {
        for queue in &self.queues {
            self.wake_ups.wake(*queue);
        }
    }
}

impl SqlQueue {
    /// Uses the table in the database of `connection`, with leases in the name of `owner`.
    #[must_use]
    pub fn new(connection: DatabaseConnection, owner: impl Into<String>) -> Self {
        Self::with_clock(connection, owner, Arc::new(SystemClock))
    }

    /// As [`new`](Self::new), with another clock.
    #[must_use]
    pub fn with_clock(
        connection: DatabaseConnection,
        owner: impl Into<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let writer = Writer::of(&connection);
        Self { connection, writer, owner: owner.into(), clock, wake_ups: Arc::default() }
    }

    /// Publishes inside the caller's transaction on the same database.
    ///
    /// The messages exist when, and only when, the transaction commits.
    ///
    /// # Errors
    /// When a message cannot be stored; the transaction should then be rolled back.
    pub async fn publish_in<C: ConnectionTrait>(
        &self,
        transaction: &C,
        messages: &[Message],
    ) -> Result<Published, QueueError> {
        for statement in self.inserts(messages.iter().map(|message| (message, None)))? {
            transaction.execute_raw(statement).await.map_err(failed("publish messages"))?;
        }
        Ok(self.published(messages.iter()))
    }

    fn published<'m>(&self, messages: impl Iterator<Item = &'m Message>) -> Published {
        let mut queues: Vec<QueueName> = messages.map(|message| message.queue).collect();
        queues.sort_unstable();
        queues.dedup();
        Published { wake_ups: Arc::clone(&self.wake_ups), queues }
    }

    /// Makes the statements that store messages, as dead letters where an error is given.
    fn inserts<'m>(
        &self,
        messages: impl Iterator<Item = (&'m Message, Option<&'m str>)>,
    ) -> Result<Vec<Statement>, QueueError> {
        insert_statements(self.connection.get_database_backend(), self.clock.now(), messages)
    }

    fn builder(&self) -> Builder {
        Builder::new(self.connection.get_database_backend())
    }

    /// Runs statements, in one transaction if there are several; returns the number of rows they changed.
    async fn write(&self, operation: &'static str, statements: Vec<Statement>) -> Result<u64, QueueError> {
        self.try_write(statements).await.map_err(failed(operation))
    }

    async fn try_write(&self, mut statements: Vec<Statement>) -> Result<u64, DbErr> {
        if statements.len() <= 1 {
            let Some(statement) = statements.pop() else { return Ok(0) };
            return Ok(self.writer.execute_raw(statement).await?.rows_affected());
        }
        let transaction = self.writer.begin().await?;
        let mut changed = 0;
        for statement in statements {
            changed += transaction.execute_raw(statement).await?.rows_affected();
        }
        transaction.commit().await?;
        Ok(changed)
    }

    /// Makes one statement per lease and [`ROWS_PER_STATEMENT`] receipts: `start`, then a condition on them.
    fn for_receipts(&self, receipts: &[Receipt], start: impl Fn(&mut Builder)) -> Vec<Statement> {
        let mut sorted = receipts.to_vec();
        sorted.sort_unstable_by_key(|receipt| (receipt.token, receipt.id));
        sorted
            .chunk_by(|a, b| a.token == b.token)
            .flat_map(|same_lease| same_lease.chunks(ROWS_PER_STATEMENT))
            .map(|chunk| {
                let mut sql = self.builder();
                start(&mut sql);
                sql.text(" WHERE lease = ").bind(chunk[0].token).text(" AND id IN (");
                sql.list(chunk.iter().map(|receipt| Value::from(receipt.id))).text(")");
                sql.finish()
            })
            .collect()
    }

    /// Makes the statement of a claim.
    ///
    /// Each queue and priority is looked up in the index by itself, so that messages which are delayed or in
    /// someone's hands cost nothing, however many they are. The common table expression is materialised, because
    /// PostgreSQL may otherwise evaluate the selection twice and claim more than the limit.
    fn claim_statement(&self, queues: &[QueueName], limit: usize, lease: Duration, token: i64) -> Statement {
        let now = self.clock.now();
        let limit = i64::try_from(limit.min(MAX_CLAIM)).unwrap_or(1);
        let mut sql = self.builder();
        sql.text("WITH picked AS MATERIALIZED (SELECT id FROM (");
        let mut first = true;
        for queue in queues {
            for priority in Priority::ALL {
                if !first {
                    sql.text(" UNION ALL ");
                }
                first = false;
                sql.text("SELECT * FROM (SELECT id, priority, due FROM queue_message WHERE queue = ");
                sql.bind(queue.as_str()).text(" AND priority = ").bind(priority.as_number());
                sql.text(" AND due <= ").bind(now).text(" ORDER BY due, id LIMIT ").bind(limit);
                sql.for_update().text(") AS one");
            }
        }
        sql.text(") AS every ORDER BY priority DESC, due, id LIMIT ").bind(limit);
        sql.text(") UPDATE queue_message SET attempts = attempts + 1, due = ")
            .bind(now + milliseconds(lease));
        sql.text(", owner = ").bind(self.owner.as_str()).text(", lease = ").bind(token);
        sql.text(" WHERE id IN (SELECT id FROM picked) RETURNING id, queue, priority, attempts, first_seen, error, payload");
        sql.finish()
    }

    async fn try_claim(&self, statement: Statement, token: i64) -> Result<Vec<Delivery>, DbErr> {
        let mut deliveries = Vec::new();
        for row in self.writer.query_all_raw(statement).await? {
            let (id, first_seen) = (row.try_get_by_index(0)?, row.try_get_by_index(4)?);
            let queue: String = row.try_get_by_index(1)?;
            deliveries.push(Delivery {
                message_id: MessageId::of_row(first_seen, id),
                receipt: Receipt::new(id, token),
                // Only known queues are asked for.
                queue: queue.parse().map_err(|error| DbErr::Custom(format!("{error} in queue_message")))?,
                priority: Priority::from_number(row.try_get_by_index(2)?),
                attempts: count(i64::from(row.try_get_by_index::<i32>(3)?)),
                first_seen: moment(first_seen),
                last_error: row.try_get_by_index(5)?,
                payload: row.try_get_by_index(6)?,
            });
        }
        // The database returns the rows in any order.
        deliveries.sort_by_key(|delivery| (std::cmp::Reverse(delivery.priority), delivery.receipt.id));
        Ok(deliveries)
    }
}

/// Names the operation that met a database error.
fn failed(operation: &'static str) -> impl Fn(DbErr) -> QueueError {
    move |source| QueueError::Database { operation, source }
}

fn rows(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[async_trait]
impl Queue for SqlQueue {
    async fn publish(&self, messages: &[Message]) -> Result<(), QueueError> {
        let statements = self.inserts(messages.iter().map(|message| (message, None)))?;
        self.write("publish messages", statements).await?;
        self.published(messages.iter()).announce();
        Ok(())
    }

    async fn publish_dead(&self, messages: &[(Message, String)]) -> Result<(), QueueError> {
        let statements =
            self.inserts(messages.iter().map(|(message, error)| (message, Some(error.as_str()))))?;
        self.write("keep dead letters", statements).await.map(|_| ())
    }

    async fn claim(
        &self,
        queues: &[QueueName],
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        if queues.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let token = rand::random_range(1..=i64::MAX);
        let statement = self.claim_statement(queues, limit, lease, token);
        self.try_claim(statement, token).await.map_err(failed("claim messages"))
    }

    async fn ack(&self, receipts: &[Receipt]) -> Result<usize, QueueError> {
        let statements = self.for_receipts(receipts, |sql| {
            sql.text("DELETE FROM queue_message");
        });
        self.write("acknowledge messages", statements).await.map(rows)
    }

    async fn retry(&self, retries: &[Retry]) -> Result<usize, QueueError> {
        let now = self.clock.now();
        let statements = retries
            .iter()
            .flat_map(|retry| {
                self.for_receipts(&[retry.receipt], |sql| {
                    sql.text("UPDATE queue_message SET owner = NULL, lease = NULL, due = ");
                    sql.bind(now + milliseconds(retry.delay));
                    sql.text(", error = ").bind(storable_error(&retry.error));
                })
            })
            .collect();
        self.write("schedule retries", statements).await.map(rows)
    }

    async fn dead(&self, burials: &[Burial]) -> Result<usize, QueueError> {
        let now = self.clock.now();
        let statements = burials
            .iter()
            .flat_map(|burial| {
                self.for_receipts(&[burial.receipt], |sql| {
                    sql.text(
                        "UPDATE queue_message SET owner = NULL, lease = NULL, due = NULL, dead_since = ",
                    );
                    sql.bind(now).text(", error = ").bind(storable_error(&burial.error));
                })
            })
            .collect();
        self.write("keep dead letters", statements).await.map(rows)
    }

    async fn release(&self, receipts: &[Receipt]) -> Result<usize, QueueError> {
        let now = self.clock.now();
        let statements = self.for_receipts(receipts, |sql| {
            sql.text("UPDATE queue_message SET owner = NULL, lease = NULL, attempts = attempts - 1, due = ");
            sql.bind(now);
        });
        let released = self.write("release messages", statements).await.map(rows)?;
        if released > 0 {
            // The receipts do not tell their queues; a needless look does no harm.
            QueueName::all().for_each(|queue| self.wake_ups.wake(queue));
        }
        Ok(released)
    }

    async fn extend(&self, receipts: &[Receipt], lease: Duration) -> Result<usize, QueueError> {
        let due = self.clock.now() + milliseconds(lease);
        let statements = self.for_receipts(receipts, |sql| {
            sql.text("UPDATE queue_message SET due = ").bind(due);
        });
        self.write("extend leases", statements).await.map(rows)
    }

    async fn reclaim(&self, everyone: bool) -> Result<u64, QueueError> {
        let now = self.clock.now();
        let mut sql = self.builder();
        sql.text("UPDATE queue_message SET owner = NULL, lease = NULL, due = ").bind(now);
        sql.waiting_after(now).text(" AND lease IS NOT NULL");
        if !everyone {
            sql.text(" AND owner = ").bind(self.owner.as_str());
        }
        self.write("free the leases of a previous process", vec![sql.finish()]).await
    }

    async fn depths(&self) -> Result<Vec<Depth>, QueueError> {
        self.read_depths().await.map_err(failed("count messages"))
    }

    async fn dead_letters(&self, queue: QueueName, page: Page) -> Result<Vec<DeadLetter>, QueueError> {
        self.read_dead_letters(queue, page).await.map_err(failed("list dead letters"))
    }

    async fn put_back(&self, queue: QueueName, id: i64) -> Result<bool, QueueError> {
        let mut sql = self.revival(queue);
        sql.text(" AND id = ").bind(id);
        let revived = self.write("put a dead letter back", vec![sql.finish()]).await?;
        self.wake_ups.wake(queue);
        Ok(revived > 0)
    }

    async fn put_back_all(&self, queue: QueueName) -> Result<u64, QueueError> {
        let revived = self.write("put dead letters back", vec![self.revival(queue).finish()]).await?;
        self.wake_ups.wake(queue);
        Ok(revived)
    }

    async fn discard(&self, queue: QueueName, id: i64) -> Result<bool, QueueError> {
        let mut sql = self.builder();
        sql.text("DELETE FROM queue_message WHERE queue = ").bind(queue.as_str());
        sql.text(" AND due IS NULL AND id = ").bind(id);
        self.write("discard a dead letter", vec![sql.finish()]).await.map(|removed| removed > 0)
    }

    async fn find(&self, message: MessageId) -> Result<Option<Waiting>, QueueError> {
        self.one_waiting(message, "SELECT", "").await.map_err(failed("find a message"))
    }

    async fn remove(&self, message: MessageId) -> Result<Option<Waiting>, QueueError> {
        self.one_waiting(message, "DELETE", " RETURNING").await.map_err(failed("remove a message"))
    }

    fn wake_up(&self, queue: QueueName) -> WakeUp {
        self.wake_ups.subscribe(queue)
    }
}
