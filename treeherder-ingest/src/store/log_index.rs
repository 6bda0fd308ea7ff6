//! Indexes of logs, beside the logs.

use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use treeherder_logparse::LogIndex;

use super::Store;
use super::error::StoreError;

impl Store {
    /// Stores the index of a log over the one that it may have; nothing when the log is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn store_log_index(&self, log_id: i32, index: &LogIndex) -> Result<(), StoreError> {
        let mut insert = Query::insert();
        insert
            .into_table("log_index")
            .columns(["job_log_id", "content"])
            .values_panic([log_id.into(), index.to_bytes().into()])
            .on_conflict(OnConflict::column("job_log_id").update_column("content").to_owned());
        match self.writer().execute(&insert).await.map_err(StoreError::from) {
            Err(error) if error.is_missing_reference() => Ok(()),
            stored => stored.map(drop),
        }
    }

    /// Returns the index of a log; nothing when it has none of this version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_index(&self, log_id: i32) -> Result<Option<LogIndex>, StoreError> {
        let mut select = Query::select();
        select.column("content").from("log_index").and_where(Expr::col("job_log_id").eq(log_id));
        let Some(row) = self.connection().query_one(&select).await? else { return Ok(None) };
        let content: Vec<u8> = row.try_get_by_index(0)?;
        Ok(LogIndex::from_bytes(&content).ok())
    }
}
