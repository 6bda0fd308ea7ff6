//! Old jobs with everything that belongs to them.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};

use crate::store::Store;
use crate::store::error::StoreError;
use crate::writer::WriteTransaction;

impl Store {
    /// Deletes the jobs whose ids are less than `chunk` above the smallest one, with their logs, lines, notes and bugs;
    /// returns how many, or nothing when there are none or one of them was submitted after `submitted`.
    ///
    /// Ids are taken in whole chunks: one young job keeps its chunk, and so everything after it (§7.6.1). Performance data
    /// stays, without its job.
    ///
    /// # Errors
    /// When the database fails; nothing is deleted then.
    pub async fn delete_old_jobs(
        &self,
        submitted: DateTime<Utc>,
        chunk: u32,
    ) -> Result<Option<u64>, StoreError> {
        let transaction = self.begin_write().await?;
        let Some((first, newest)) = oldest_chunk(&transaction, chunk).await? else { return Ok(None) };
        if newest > submitted {
            return Ok(None);
        }
        let of_chunk = || Expr::col("id").lt(first + i64::from(Ord::max(chunk, 1)));
        let guids = Query::select().column("guid").from("job").and_where(of_chunk()).take();
        // They refer to jobs by guid, and outlive those whose log is gone.
        let mut lines = Query::delete();
        lines.from_table("failure_line").and_where(Expr::col("job_guid").in_subquery(guids));
        transaction.execute(&lines).await?;
        let mut jobs = Query::delete();
        jobs.from_table("job").and_where(of_chunk());
        let deleted = transaction.execute(&jobs).await?.rows_affected();
        transaction.commit().await?;
        Ok(Some(deleted))
    }
}

/// Returns the smallest id and when the newest job of its chunk was submitted.
async fn oldest_chunk(
    transaction: &WriteTransaction,
    chunk: u32,
) -> Result<Option<(i64, DateTime<Utc>)>, StoreError> {
    let smallest = Query::select().expr(Expr::col("id").min()).from("job").take();
    let row = transaction.query_one(&smallest).await?;
    let Some(first) = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten() else {
        return Ok(None);
    };
    let newest = Query::select()
        .column("submit_time")
        .from("job")
        .and_where(Expr::col("id").lt(first + i64::from(Ord::max(chunk, 1))))
        .order_by("submit_time", sea_orm::sea_query::Order::Desc)
        .limit(1)
        .take();
    let row = transaction.query_one(&newest).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(|newest| (first, newest)))
}
