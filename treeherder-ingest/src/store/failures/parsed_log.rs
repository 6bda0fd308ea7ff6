//! The result of parsing a raw log: its error lines, their counts and its status, in one transaction (`spec/ingest.md` §5.2, §6.2).

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, Statement};

use super::ErrorLine;
use super::counting::{Counting, Others};
use super::error_line::{insert_lines, rows};
use crate::events::Event;
use crate::job::LogStatus;
use crate::store::entity::job_log;
use crate::store::events::{EventJob, EventLog};
use crate::store::logs::{check_log_status, log_status_statement};
use crate::store::{Store, StoreError};
use crate::writer::{Done, WriteTransaction};

impl Store {
    /// Stores the error lines of a raw log, counts them and marks the log as parsed; returns how many of the lines are new.
    ///
    /// A failure that nobody has seen before is marked, and its job is classified as such (§6.2). Events tell of the lines, and
    /// that the job has failed if it has.
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
            return self.store_clean_log(job_id, log_id).await;
        }
        let rows = rows(lines)?;
        let job = match self.log_job(job_id).await {
            Ok(job) => Some(job),
            // Storing lines of a job that is gone fails below.
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let transaction = self.begin_write().await?;
        let backend = transaction.get_database_backend();
        let (statements, inserts) = match &job {
            Some(job) => Counting::read(&transaction, job, &rows, Others::Stay).await?.store(backend)?,
            None => {
                let inserts = insert_lines(backend, job_id, &rows, |_| false);
                let number = inserts.len();
                (inserts, number)
            }
        };
        let events = job.as_ref().map(|job| log_told(&job.into(), lines)).unwrap_or_default();
        let done = self.end_parsed(transaction, statements, log_id, &events).await?;
        Ok(done[..inserts].iter().map(|insert| insert.rows_affected).sum())
    }

    /// Runs the statements, marks the log as parsed, tells the events and commits.
    async fn end_parsed(
        &self,
        transaction: WriteTransaction,
        mut statements: Vec<Statement>,
        log_id: i32,
        events: &[Event],
    ) -> Result<Vec<Done>, StoreError> {
        let backend = transaction.get_database_backend();
        let status = statements.len();
        statements.push(log_status_statement(backend, log_id, LogStatus::Parsed));
        statements.extend(EventLog::inserts(backend, events)?);
        let done = transaction.run_together(statements).await?;
        check_log_status(log_id, done[status].rows_affected)?;
        let appended = self.event_log().appended(&transaction, &done[status + 1..]).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(done)
    }

    /// Marks a log without failure lines as parsed; of most of them there is nothing to tell.
    async fn store_clean_log(&self, job_id: i64, log_id: i32) -> Result<u64, StoreError> {
        let job = self.event_jobs(&[job_id]).await?;
        let events = job.first().map(|job| log_told(job, &[])).unwrap_or_default();
        if events.is_empty() {
            self.set_log_status(log_id, LogStatus::Parsed).await?;
            return Ok(0);
        }
        let transaction = self.begin_write().await?;
        self.end_parsed(transaction, Vec::new(), log_id, &events).await?;
        Ok(0)
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
            .exec(self.writer())
            .await?;
        Ok(())
    }
}

/// The events that tell that a raw log of a job was parsed: its failure lines, and that the job has failed if it has.
pub(super) fn log_told(job: &EventJob, lines: &[ErrorLine]) -> Vec<Event> {
    let mut events = Vec::new();
    if !lines.is_empty() {
        let lines = lines.iter().map(|line| (line.line_number, line.line.as_str()));
        events.push(Event::failure_lines(job, lines));
    }
    if job.is_failed() {
        events.push(Event::job_failure(&job.branch, job.id));
    }
    events
}
