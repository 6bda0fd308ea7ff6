//! Logs that are kept here because nobody else has them: those that were submitted.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use chrono::{TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _,
    QueryFilter as _, QueryOrder as _,
};

use super::Store;
use super::entity::job_log;
use super::error::{StoreError, check_text};
use crate::job::LogStatus;

/// Bytes of one row of a log's content.
pub const KEPT_CHUNK: usize = 256 << 10;
/// Uploads that nobody has finished by then are given up.
const UNFINISHED_HOURS: i64 = 6;

/// A log that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLog {
    /// Its key.
    pub id: i64,
    /// Its raw bytes.
    pub bytes: u64,
}

impl Store {
    /// Begins to keep a log; nothing refers to it before [`finish_kept_log`](Self::finish_kept_log).
    ///
    /// Uploads that were never finished are deleted on the way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_kept_log(&self) -> Result<i64, StoreError> {
        let now = Utc::now();
        let transaction = self.begin_write().await?;
        let mut stale = Query::delete();
        stale
            .from_table("kept_log")
            .and_where(Expr::col("job_log_id").is_null())
            .and_where(Expr::col("created").lt(now - TimeDelta::hours(UNFINISHED_HOURS)));
        transaction.execute(&stale).await?;
        let mut insert = Query::insert();
        insert
            .into_table("kept_log")
            .columns(["bytes", "created"])
            .values_panic([0_i64.into(), now.into()])
            .returning(Query::returning().column("id"));
        let row = transaction.query_one(&insert).await?;
        let row = row.ok_or_else(|| StoreError::NotFound { what: "kept log", key: "new".to_owned() })?;
        let id = row.try_get_by_index(0)?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Adds the chunk `number` to a log; all but the last have [`KEPT_CHUNK`] bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_kept_chunk(&self, id: i64, number: i32, content: &[u8]) -> Result<(), StoreError> {
        let mut insert = Query::insert();
        insert.into_table("kept_log_chunk").columns(["kept_log_id", "number", "content"]).values_panic([
            id.into(),
            number.into(),
            content.to_vec().into(),
        ]);
        self.writer().execute(&insert).await?;
        Ok(())
    }

    /// Makes a log that has arrived the one of `log_id`, in place of one that was kept before.
    ///
    /// # Errors
    /// When the log is gone or the database fails.
    pub async fn finish_kept_log(&self, id: i64, log_id: i32, bytes: u64) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let mut former = Query::delete();
        former.from_table("kept_log").and_where(Expr::col("job_log_id").eq(log_id));
        transaction.execute(&former).await?;
        let mut update = Query::update();
        update
            .table("kept_log")
            .value("job_log_id", log_id)
            .value("bytes", i64::try_from(bytes).unwrap_or(i64::MAX))
            .and_where(Expr::col("id").eq(id));
        transaction.execute(&update).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives up a log that was not finished.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_kept_log(&self, id: i64) -> Result<(), StoreError> {
        let mut delete = Query::delete();
        delete
            .from_table("kept_log")
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("job_log_id").is_null());
        self.writer().execute(&delete).await?;
        Ok(())
    }

    /// Returns the log of a job that is kept here under this name, made now if there is none; its URL is `url` then.
    ///
    /// # Errors
    /// When there is no such job, the URL is too long or the database fails.
    pub async fn kept_job_log(
        &self,
        job_id: i64,
        name: &str,
        url: &str,
    ) -> Result<job_log::Model, StoreError> {
        check_text("job_log", "url", 255, url)?;
        let kept = Query::select()
            .column("job_log_id")
            .from("kept_log")
            .and_where(Expr::col("job_log_id").is_not_null())
            .take();
        let transaction = self.begin_write().await?;
        let of_name = job_log::Entity::find()
            .filter(job_log::Column::JobId.eq(job_id))
            .filter(job_log::Column::Name.eq(name));
        let same_url = of_name.clone().filter(job_log::Column::Url.eq(url)).one(&transaction).await?;
        let known = match same_url {
            Some(log) => Some(log),
            None => {
                of_name
                    .filter(job_log::Column::Id.in_subquery(kept))
                    .order_by_asc(job_log::Column::Id)
                    .one(&transaction)
                    .await?
            }
        };
        let log = match known {
            Some(log) => log,
            None => {
                let new = job_log::ActiveModel {
                    job_id: Set(job_id),
                    name: Set(name.to_owned()),
                    url: Set(url.to_owned()),
                    status: Set(LogStatus::Pending.code()),
                    ..Default::default()
                };
                new.insert(&transaction).await?
            }
        };
        transaction.commit().await?;
        Ok(log)
    }

    /// Returns the log that is kept for `log_id`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_log(&self, log_id: i32) -> Result<Option<KeptLog>, StoreError> {
        let mut select = Query::select();
        select.columns(["id", "bytes"]).from("kept_log").and_where(Expr::col("job_log_id").eq(log_id));
        let Some(row) = self.connection().query_one(&select).await? else { return Ok(None) };
        let bytes: i64 = row.try_get_by_index(1)?;
        Ok(Some(KeptLog { id: row.try_get_by_index(0)?, bytes: u64::try_from(bytes).unwrap_or_default() }))
    }

    /// Returns some of the raw bytes of a log that is kept; nothing when it is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_log_part(&self, log: &KeptLog, range: Range<u64>) -> Result<Option<Bytes>, StoreError> {
        let range = std::cmp::min(range.start, log.bytes)..std::cmp::min(range.end, log.bytes);
        if range.is_empty() {
            return Ok(Some(Bytes::new()));
        }
        let chunk = KEPT_CHUNK as u64;
        let first = range.start / chunk;
        let number = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
        let mut select = Query::select();
        select
            .column("content")
            .from("kept_log_chunk")
            .and_where(Expr::col("kept_log_id").eq(log.id))
            .and_where(Expr::col("number").gte(number(first)))
            .and_where(Expr::col("number").lte(number((range.end - 1) / chunk)))
            .order_by("number", Order::Asc);
        let mut bytes = BytesMut::new();
        for row in self.connection().query_all(&select).await? {
            let content: Vec<u8> = row.try_get_by_index(0)?;
            bytes.extend_from_slice(&content);
        }
        let from = (range.start - first * chunk) as usize;
        let to = (range.end - first * chunk) as usize;
        Ok((bytes.len() >= to).then(|| bytes.freeze().slice(from..to)))
    }
}
