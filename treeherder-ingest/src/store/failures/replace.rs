//! The error lines of a log that was submitted anew.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _, QueryTrait as _,
    Statement,
};

use super::ErrorLine;
use super::counting::{Counting, Others};
use super::error_line::rows;
use super::parsed_log::log_told;
use crate::job::LogStatus;
use crate::store::entity::text_log_error;
use crate::store::logs::set_log_status;
use crate::store::{Store, StoreError};

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

impl Store {
    /// Makes these the error lines of the job, counts them and marks the log as parsed, in one transaction.
    ///
    /// Lines that the job has already stay, with what people said about them, and are not counted again; others go, and are
    /// counted no more. New failures are marked and events tell as for [`Store::store_parsed_log`].
    ///
    /// # Errors
    /// As [`Store::store_parsed_log`], and [`StoreError::NotFound`] without such a job.
    pub async fn replace_error_lines(
        &self,
        job_id: i64,
        log_id: i32,
        lines: &[ErrorLine],
    ) -> Result<(), StoreError> {
        let rows = rows(lines)?;
        let job = self.log_job(job_id).await?;
        let transaction = self.begin_write().await?;
        let backend = transaction.get_database_backend();
        let counting = Counting::read(&transaction, &job, &rows, Others::Go).await?;
        // First, since others may get their numbers.
        let mut statements = deletes(backend, &counting.gone().collect::<Vec<_>>());
        let (stores, _) = counting.store(backend)?;
        statements.extend(stores);
        transaction.run_together(statements).await?;
        set_log_status(&transaction, log_id, LogStatus::Parsed).await?;
        let events = log_told(&(&job).into(), lines);
        let appended = self.event_log().append(&transaction, &events).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(())
    }
}

fn deletes(backend: DbBackend, ids: &[i64]) -> Vec<Statement> {
    let delete = |ids: &[i64]| {
        text_log_error::Entity::delete_many()
            .filter(text_log_error::Column::Id.is_in(ids.iter().copied()))
            .build(backend)
    };
    ids.chunks(IDS_PER_STATEMENT).map(delete).collect()
}
