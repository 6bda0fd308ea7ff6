//! The table `event`: appended to at one end, cut off at the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Utc;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tokio::sync::watch;

use crate::events::{Event, Published};
use crate::store::error::check_text;
use crate::store::{Store, StoreError};
use crate::writer::{Done, WriteTransaction};

/// Key of the PostgreSQL advisory lock under which rows are appended.
const APPEND_LOCK: i64 = 0x7472_6565_6576_656e;
/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 500;
/// The table is cut off each time about this many rows were added.
const CUT_EVERY: i64 = 256;
/// Newest events that stay, unless somebody says otherwise.
const KEPT: u32 = 50_000;

/// What the clones of a store share about events.
#[derive(Debug)]
pub(in crate::store) struct EventLog {
    kept: AtomicU32,
    news: watch::Sender<()>,
}

impl Default for EventLog {
    fn default() -> Self {
        Self { kept: AtomicU32::new(KEPT), news: watch::Sender::new(()) }
    }
}

/// Events were written within a transaction.
///
/// Without [`announce`](Self::announce) they are found all the same, by whoever looks at the table from time to time.
#[derive(Debug)]
#[must_use = "call announce() after the commit, so that readers hear at once"]
pub(in crate::store) struct Appended(Option<Arc<EventLog>>);

impl Appended {
    /// Tells the readers of this process that the transaction is committed.
    pub(in crate::store) fn announce(self) {
        if let Some(log) = self.0 {
            log.news.send_replace(());
        }
    }
}

impl EventLog {
    /// Appends events within the transaction that changes what they tell about. So there is neither a change without its
    /// event, nor an event without its change, whenever a process dies.
    ///
    /// It has to be the last statement before the commit: rows become visible in the order of their ids, so that whoever has
    /// seen an id has seen all before it. On PostgreSQL that takes a lock, which is held until the transaction ends; who
    /// holds it must wait for nothing else.
    ///
    /// # Errors
    /// When a name is too long or the database fails.
    pub(in crate::store) async fn append(
        self: &Arc<Self>,
        transaction: &WriteTransaction,
        events: &[Event],
    ) -> Result<Appended, StoreError> {
        let inserts = Self::inserts(transaction.get_database_backend(), events)?;
        let done = transaction.run_together(inserts).await?;
        self.appended(transaction, &done).await
    }

    /// The statements of [`append`](Self::append); what they did goes to [`appended`](Self::appended).
    ///
    /// # Errors
    /// When a name is too long.
    pub(in crate::store) fn inserts(
        backend: DbBackend,
        events: &[Event],
    ) -> Result<Vec<Statement>, StoreError> {
        let mut statements = Vec::new();
        if events.is_empty() {
            return Ok(statements);
        }
        if backend == DbBackend::Postgres {
            // Without it, a transaction with smaller ids could commit after one with greater ids. It returns no rows.
            let lock = format!("DO $$ BEGIN PERFORM pg_advisory_xact_lock({APPEND_LOCK}); END $$");
            statements.push(Statement::from_string(backend, lock));
        }
        let created = Utc::now();
        for chunk in events.chunks(ROWS_PER_STATEMENT) {
            let mut insert = Query::insert();
            insert.into_table("event").columns(["branch", "name", "body", "created"]);
            for event in chunk {
                check_text("event", "branch", 100, event.branch())?;
                let body = event.body().to_string();
                insert.values_panic([
                    event.branch().into(),
                    event.name().into(),
                    body.into(),
                    created.into(),
                ]);
            }
            insert.returning(Query::returning().columns(["id"]));
            statements.push(backend.build(&insert));
        }
        Ok(statements)
    }

    /// Ends what [`inserts`](Self::inserts) began, within the same transaction: the table is cut off now and then.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn appended(
        self: &Arc<Self>,
        transaction: &WriteTransaction,
        done: &[Done],
    ) -> Result<Appended, StoreError> {
        let (mut first, mut last) = (i64::MAX, 0);
        for row in done.iter().flat_map(|done| &done.rows) {
            let id: i64 = row.try_get_by_index(0)?;
            (first, last) = (std::cmp::min(first, id), std::cmp::max(last, id));
        }
        if last == 0 {
            return Ok(Appended(None));
        }
        if first / CUT_EVERY != (last + 1) / CUT_EVERY {
            let kept = i64::from(self.kept.load(Ordering::Relaxed));
            let mut cut = Query::delete();
            cut.from_table("event").and_where(Expr::col("id").lte(last - kept));
            transaction.execute(&cut).await?;
        }
        Ok(Appended(Some(Arc::clone(self))))
    }
}

impl Store {
    /// Sets how many of the newest events stay in the table, about; 50,000 unless this is called.
    pub fn keep_events(&self, kept: u32) {
        self.event_log().kept.store(kept, Ordering::Relaxed);
    }

    /// Returns what changes whenever this process has committed events.
    #[must_use]
    pub fn event_news(&self) -> watch::Receiver<()> {
        self.event_log().news.subscribe()
    }

    /// Tells the readers of this process that another one has committed events.
    pub fn announce_events(&self) {
        self.event_log().news.send_replace(());
    }

    /// Appends events that tell of no change to the database, in a transaction of their own. Those of changes are appended
    /// where something is changed.
    ///
    /// # Errors
    /// When a name is too long or the database fails; nothing is stored then.
    pub async fn append_events(&self, events: &[Event]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let transaction = self.begin_write().await?;
        let appended = self.event_log().append(&transaction, events).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(())
    }

    /// Returns at most `limit` of the events behind a sequence id, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_after(&self, sequence: i64, limit: u64) -> Result<Vec<Published>, StoreError> {
        let mut select = Query::select();
        select
            .columns(["id", "branch", "name", "body"])
            .from("event")
            .and_where(Expr::col("id").gt(sequence))
            .order_by("id", Order::Asc)
            .limit(limit);
        let rows = self.connection().query_all(&select).await?;
        rows.iter().map(published_of).collect()
    }

    /// Returns the sequence id of the newest event, 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_event(&self) -> Result<i64, StoreError> {
        Ok(self.end_of_events(Order::Desc).await?.unwrap_or_default())
    }

    /// Returns the sequence ids of the oldest and the newest event, 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_range(&self) -> Result<(i64, i64), StoreError> {
        let Some(newest) = self.end_of_events(Order::Desc).await? else { return Ok((0, 0)) };
        Ok((self.end_of_events(Order::Asc).await?.unwrap_or(newest), newest))
    }

    /// Returns the first sequence id in an order. SQLite searches the index for a minimum or a maximum, but not for both at
    /// once.
    async fn end_of_events(&self, order: Order) -> Result<Option<i64>, StoreError> {
        let mut select = Query::select();
        select.column("id").from("event").order_by("id", order).limit(1);
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}

fn published_of(row: &sea_orm::QueryResult) -> Result<Published, StoreError> {
    Ok(Published::stored(
        row.try_get_by_index(0)?,
        row.try_get_by_index(1)?,
        row.try_get_by_index(2)?,
        row.try_get_by_index(3)?,
    ))
}
