//! The result of parsing a raw log: its error lines, their counts and its status, in one transaction (`spec/ingest.md` §5.2, §6.2).

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::ErrorLine;
use super::counts::count_lines;
use super::error_line::{insert_error_lines, rows};
use crate::job::LogStatus;
use crate::store::entity::job_log;
use crate::store::logs::set_log_status;
use crate::store::{Store, StoreError};

impl Store {
    /// Stores the error lines of a raw log, counts them and marks the log as parsed; returns how many of the lines are new.
    ///
    /// A failure that nobody has seen before is marked, and its job is classified as such (§6.2).
    ///
    /// Storing the same result again changes nothing.
    ///
    /// # Errors
    /// As [`Store::store_error_lines`], and [`StoreError::NotFound`] without such a log; nothing is stored then.
    pub async fn store_parsed_log(
        &self,
        job_id: i64,
        log_id: i32,
        lines: &[ErrorLine],
    ) -> Result<u64, StoreError> {
        if lines.is_empty() {
            self.set_log_status(log_id, LogStatus::Parsed).await?;
            return Ok(0);
        }
        let rows = rows(lines)?;
        let job = match self.log_job(job_id).await {
            Ok(job) => Some(job),
            // Storing lines of a job that is gone fails below.
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let transaction = self.begin_write().await?;
        let stored = insert_error_lines(&transaction, job_id, &rows).await?;
        if let Some(job) = &job {
            count_lines(&transaction, job).await?;
        }
        set_log_status(&transaction, log_id, LogStatus::Parsed).await?;
        transaction.commit().await?;
        Ok(stored)
    }

    /// Notes that a log could not be parsed, unless it has been parsed already: another worker, busy with the same log,
    /// may have been luckier.
    ///
    /// # Errors
    /// When the database fails. A log that is gone is none.
    pub async fn set_log_failed(&self, log_id: i32, status: LogStatus) -> Result<(), StoreError> {
        job_log::Entity::update_many()
            .col_expr(job_log::Column::Status, Expr::val(status.code()))
            .filter(job_log::Column::Id.eq(log_id))
            .filter(job_log::Column::Status.ne(LogStatus::Parsed.code()))
            .exec(self.connection())
            .await?;
        Ok(())
    }
}
