//! The database's clock, by which processes on different machines are compared.

use std::time::Instant;

use chrono::{TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::store::Store;
use crate::store::error::StoreError;

/// Returns the expression for the present time in milliseconds since the epoch.
pub(super) fn now(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        _ => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    }
}

impl Store {
    /// Returns by how much the clock of this machine is ahead of the database's, and how far that can be trusted:
    /// half of the time that the answer took.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clock_offset(&self) -> Result<(TimeDelta, TimeDelta), StoreError> {
        let sql = format!("SELECT {}", now(self.backend()));
        let statement = Statement::from_string(self.backend(), sql);
        // The first answer may wait for a connection.
        self.connection().query_one_raw(statement.clone()).await?;
        let (start, asked) = (Instant::now(), Utc::now());
        let row = self.connection().query_one_raw(statement).await?;
        let half = TimeDelta::from_std(start.elapsed() / 2).unwrap_or_default();
        let theirs: i64 = match row {
            Some(row) => row.try_get_by_index(0)?,
            None => return Err(StoreError::Value("the database does not tell the time".to_owned())),
        };
        Ok((asked + half - chrono::DateTime::from_timestamp_millis(theirs).unwrap_or_default(), half))
    }
}
