//! The error lines of a log that was submitted anew.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::ErrorLine;
use super::error_line::{insert_error_lines, rows};
use super::parsed_log::log_told;
use crate::job::LogStatus;
use crate::store::entity::text_log_error;
use crate::store::events::read_event_jobs;
use crate::store::logs::set_log_status;
use crate::store::{Store, StoreError};

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

impl Store {
    /// Makes these the error lines of the job and marks the log as parsed, in one transaction.
    ///
    /// Lines that the job has already stay, with what people said about them; others go. Events tell as for
    /// [`Store::store_parsed_log`].
    ///
    /// # Errors
    /// As [`Store::store_parsed_log`].
    pub async fn replace_error_lines(
        &self,
        job_id: i64,
        log_id: i32,
        lines: &[ErrorLine],
    ) -> Result<(), StoreError> {
        let rows = rows(lines)?;
        let wanted: BTreeSet<(i32, &str)> =
            rows.iter().map(|(number, line): &(i32, Cow<'_, str>)| (*number, line.as_ref())).collect();
        let transaction = self.begin_write().await?;
        let stored = text_log_error::Entity::find()
            .filter(text_log_error::Column::JobId.eq(job_id))
            .all(&transaction)
            .await?;
        let gone: Vec<i64> = stored
            .iter()
            .filter(|row| !wanted.contains(&(row.line_number, row.line.as_str())))
            .map(|row| row.id)
            .collect();
        for ids in gone.chunks(IDS_PER_STATEMENT) {
            text_log_error::Entity::delete_many()
                .filter(text_log_error::Column::Id.is_in(ids.iter().copied()))
                .exec(&transaction)
                .await?;
        }
        insert_error_lines(&transaction, job_id, &rows).await?;
        set_log_status(&transaction, log_id, LogStatus::Parsed).await?;
        let job = read_event_jobs(&transaction, &[job_id]).await?;
        let events = job.first().map(|job| log_told(job, lines)).unwrap_or_default();
        let appended = self.event_log().append(&transaction, &events).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(())
    }
}
