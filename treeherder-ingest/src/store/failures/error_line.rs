//! Error lines that the scan of a raw log found (`spec/ingest.md` §6.2).

use std::borrow::Cow;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryTrait as _, Statement,
};

use treeherder_logparse::artifact;

use super::text::error_line_text;
use crate::store::batch::batches;
use crate::store::entity::text_log_error;
use crate::store::error::check_positive;
use crate::store::{Store, StoreError};
use crate::writer::WriteTransaction;

/// An error line as the parser found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorLine {
    /// Number of the line in the log, from 0.
    pub line_number: u64,
    /// Text of the line.
    pub line: String,
}

impl From<artifact::ErrorLine> for ErrorLine {
    fn from(line: artifact::ErrorLine) -> Self {
        Self { line_number: line.linenumber, line: line.line }
    }
}

impl Store {
    /// Stores the error lines of a job and returns how many of them are new.
    ///
    /// A line whose number the job already has is left as it is. Characters that the table does not take are written
    /// out, see [`error_line_text`].
    ///
    /// # Errors
    /// [`StoreError::Data`] for a line number that does not fit into the column, and an integrity error when there is no
    /// such job; nothing is stored then.
    pub async fn store_error_lines(&self, job_id: i64, lines: &[ErrorLine]) -> Result<u64, StoreError> {
        if lines.is_empty() {
            return Ok(0);
        }
        let rows = rows(lines)?;
        let transaction = self.begin_write().await?;
        let stored = insert_error_lines(&transaction, job_id, &rows).await?;
        transaction.commit().await?;
        Ok(stored)
    }
}

/// A line as it is stored: its number and its text.
pub(super) type LineRow<'a> = (i32, Cow<'a, str>);

/// The lines as they are stored: checked, each number once.
///
/// They are in one order everywhere, so that two writers of the same job wait for each other instead of colliding.
pub(super) fn rows(lines: &[ErrorLine]) -> Result<Vec<LineRow<'_>>, StoreError> {
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let number = i64::try_from(line.line_number).unwrap_or(i64::MAX);
        rows.push((check_positive("text_log_error", "line_number", number)?, error_line_text(&line.line)));
    }
    rows.sort_by_key(|(number, _)| *number);
    rows.dedup_by_key(|(number, _)| *number);
    Ok(rows)
}

/// The statements that insert the rows which the job does not have yet; `is_new` tells by its number whether a line is a
/// failure that nobody has seen before.
pub(super) fn insert_lines(
    backend: DbBackend,
    job_id: i64,
    rows: &[LineRow<'_>],
    is_new: impl Fn(i32) -> bool,
) -> Vec<Statement> {
    let insert = |batch: &[LineRow<'_>]| {
        let models = batch.iter().map(|(number, line)| text_log_error::ActiveModel {
            job_id: Set(Some(job_id)),
            line: Set(line.clone().into_owned()),
            line_number: Set(*number),
            new_failure: Set(is_new(*number)),
            ..Default::default()
        });
        let known = OnConflict::columns(["job_id", "line_number"]).do_nothing().to_owned();
        text_log_error::Entity::insert_many(models).on_conflict(known).build(backend)
    };
    batches(rows, |(_, line)| line.len()).map(insert).collect()
}

/// Inserts the rows that the job does not have yet; returns how many these are.
pub(super) async fn insert_error_lines(
    transaction: &WriteTransaction,
    job_id: i64,
    rows: &[LineRow<'_>],
) -> Result<u64, StoreError> {
    let inserts = insert_lines(transaction.get_database_backend(), job_id, rows, |_| false);
    let done = transaction.run_together(inserts).await?;
    Ok(done.iter().map(|insert| insert.rows_affected).sum())
}
