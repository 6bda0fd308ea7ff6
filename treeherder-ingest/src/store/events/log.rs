//! The table `event`: appended to at one end, cut off at the other.

use chrono::Utc;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::events::{Event, Published};
use crate::store::error::check_text;
use crate::store::{Store, StoreError};

/// Key of the PostgreSQL advisory lock under which rows are appended.
const APPEND_LOCK: i64 = 0x7472_6565_6576_656e;
/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 500;
/// The table is cut off each time about this many rows were added.
const CUT_EVERY: i64 = 256;

impl Store {
    /// Appends events in one transaction and returns them with their sequence ids; about `kept` of the newest stay.
    ///
    /// Rows become visible in the order of their ids, so that whoever has seen an id has seen all before it.
    ///
    /// # Errors
    /// When a name is too long or the database fails; nothing is stored then.
    pub async fn append_events(&self, events: &[Event], kept: u32) -> Result<Vec<Published>, StoreError> {
        let mut published = Vec::with_capacity(events.len());
        let transaction = self.begin_write().await?;
        if self.backend() == DbBackend::Postgres {
            // Without it, a transaction with smaller ids could commit after one with greater ids.
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({APPEND_LOCK})")).await?;
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
            insert.returning(Query::returning().columns(["id", "branch", "name", "body"]));
            let rows = transaction.query_all(&insert).await?;
            for row in rows {
                published.push(published_of(&row)?);
            }
        }
        published.sort_by_key(Published::sequence);
        let first = published.first().and_then(Published::sequence).unwrap_or_default();
        let last = published.last().and_then(Published::sequence).unwrap_or_default();
        if first / CUT_EVERY != (last + 1) / CUT_EVERY {
            let mut cut = Query::delete();
            cut.from_table("event").and_where(Expr::col("id").lte(last - i64::from(kept)));
            transaction.execute(&cut).await?;
        }
        transaction.commit().await?;
        Ok(published)
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
        Ok(self.event_range().await?.1)
    }

    /// Returns the sequence ids of the oldest and the newest event, 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_range(&self) -> Result<(i64, i64), StoreError> {
        let mut select = Query::select();
        select.expr(Expr::col("id").min()).expr(Expr::col("id").max()).from("event");
        let Some(row) = self.connection().query_one(&select).await? else { return Ok((0, 0)) };
        let (oldest, newest): (Option<i64>, Option<i64>) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok((oldest.unwrap_or_default(), newest.unwrap_or_default()))
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
