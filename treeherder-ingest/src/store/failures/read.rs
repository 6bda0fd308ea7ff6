//! Reads of failures: of one job, and the newest of a repository.

use sea_orm::sea_query::{Expr, ExprTrait as _, JoinType, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, DeriveIden, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
};

use crate::store::entity::{failure_line, job, job_log, job_type, machine_platform, push, text_log_error};
use crate::store::{Store, StoreError};

/// Most rows that one read of the newest failures returns.
const MAX_NEWEST: u64 = 1_000;

/// The job that a failure is from.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct FailureContext {
    /// Job.
    pub job_id: i64,
    /// Its guid.
    pub job_guid: String,
    /// Name of its type.
    pub job_type_name: String,
    /// Platform it ran on.
    pub platform: String,
    /// Head commit of its push.
    pub revision: String,
}

/// An error line with its job.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct NewestErrorLine {
    /// Primary key; smaller means older.
    pub id: i64,
    /// Number of the line in the log, from 0.
    pub line_number: i32,
    /// Text.
    pub line: String,
    /// Whether the line was never seen before its push.
    pub new_failure: bool,
    /// Job.
    #[sea_orm(nested)]
    pub job: FailureContext,
}

/// A failure line with its job, without its stacks.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct NewestFailureLine {
    /// Primary key; smaller means older.
    pub id: i64,
    /// Number of the line as the harness counts.
    pub line: i32,
    /// `test_result`, `log`, `crash`, ….
    pub action: String,
    /// Test that failed.
    pub test: Option<String>,
    /// Part of the test.
    pub subtest: Option<String>,
    /// What happened.
    pub status: String,
    /// What should have happened.
    pub expected: Option<String>,
    /// What the test says.
    pub message: Option<String>,
    /// Crash signature.
    pub signature: Option<String>,
    /// Job.
    #[sea_orm(nested)]
    pub job: FailureContext,
}

/// Names of the columns of [`FailureContext`] where the table's own name would not be clear.
#[derive(DeriveIden)]
enum Context {
    JobId,
    JobGuid,
    JobTypeName,
    Platform,
    Revision,
}

impl Store {
    /// Returns the error lines of a job in the order of their ids, which is that of the log.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn error_lines(&self, job_id: i64) -> Result<Vec<text_log_error::Model>, StoreError> {
        let lines = text_log_error::Entity::find()
            .filter(text_log_error::Column::JobId.eq(job_id))
            .order_by_asc(text_log_error::Column::Id)
            .all(self.connection())
            .await?;
        Ok(lines)
    }

    /// Returns the failure lines of a job in the order of its error summaries.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn failure_lines(&self, job_id: i64) -> Result<Vec<failure_line::Model>, StoreError> {
        let logs = Query::select()
            .column(job_log::Column::Id)
            .from(job_log::Entity)
            .and_where(Expr::col(job_log::Column::JobId).eq(job_id))
            .take();
        let lines = failure_line::Entity::find()
            .filter(failure_line::Column::JobLogId.in_subquery(logs))
            .order_by_asc(failure_line::Column::JobLogId)
            .order_by_asc(failure_line::Column::Line)
            .all(self.connection())
            .await?;
        Ok(lines)
    }

    /// Returns the newest error lines of a repository, newest first, at most 1,000.
    ///
    /// `before` is the id of the oldest line already seen.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn newest_error_lines(
        &self,
        repository_id: i32,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<NewestErrorLine>, StoreError> {
        let table = text_log_error::Entity;
        let mut query = Query::select()
            .columns([
                (table, text_log_error::Column::Id),
                (table, text_log_error::Column::LineNumber),
                (table, text_log_error::Column::Line),
                (table, text_log_error::Column::NewFailure),
            ])
            .from(table)
            .join(
                JoinType::InnerJoin,
                job::Entity,
                Expr::col((table, text_log_error::Column::JobId)).equals((job::Entity, job::Column::Id)),
            )
            .order_by((table, text_log_error::Column::Id), Order::Desc)
            .take();
        if let Some(before) = before {
            query.and_where(Expr::col((table, text_log_error::Column::Id)).lt(before));
        }
        with_context(&mut query, repository_id, limit);
        let statement = self.backend().build(&query);
        Ok(NewestErrorLine::find_by_statement(statement).all(self.connection()).await?)
    }

    /// Returns the newest failure lines of a repository, newest first, at most 1,000.
    ///
    /// `before` is the id of the oldest line already seen.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn newest_failure_lines(
        &self,
        repository_id: i32,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<NewestFailureLine>, StoreError> {
        let table = failure_line::Entity;
        let columns = [
            failure_line::Column::Id,
            failure_line::Column::Line,
            failure_line::Column::Action,
            failure_line::Column::Test,
            failure_line::Column::Subtest,
            failure_line::Column::Status,
            failure_line::Column::Expected,
            failure_line::Column::Message,
            failure_line::Column::Signature,
        ];
        let mut query = Query::select()
            .columns(columns.map(|column| (table, column)))
            .from(table)
            .join(
                JoinType::InnerJoin,
                job_log::Entity,
                Expr::col((table, failure_line::Column::JobLogId))
                    .equals((job_log::Entity, job_log::Column::Id)),
            )
            .join(
                JoinType::InnerJoin,
                job::Entity,
                Expr::col((job_log::Entity, job_log::Column::JobId)).equals((job::Entity, job::Column::Id)),
            )
            .order_by((table, failure_line::Column::Id), Order::Desc)
            .take();
        if let Some(before) = before {
            query.and_where(Expr::col((table, failure_line::Column::Id)).lt(before));
        }
        with_context(&mut query, repository_id, limit);
        let statement = self.backend().build(&query);
        Ok(NewestFailureLine::find_by_statement(statement).all(self.connection()).await?)
    }
}

/// Adds what [`FailureContext`] needs to a query that joins `job`.
fn with_context(query: &mut SelectStatement, repository_id: i32, limit: u64) {
    let job_column = |column: job::Column| Expr::col((job::Entity, column));
    query
        .expr_as(job_column(job::Column::Id), Context::JobId)
        .expr_as(job_column(job::Column::Guid), Context::JobGuid)
        .expr_as(Expr::col((job_type::Entity, job_type::Column::Name)), Context::JobTypeName)
        .expr_as(Expr::col((machine_platform::Entity, machine_platform::Column::Platform)), Context::Platform)
        .expr_as(Expr::col((push::Entity, push::Column::Revision)), Context::Revision)
        .join(
            JoinType::InnerJoin,
            job_type::Entity,
            job_column(job::Column::JobTypeId).equals((job_type::Entity, job_type::Column::Id)),
        )
        .join(
            JoinType::InnerJoin,
            machine_platform::Entity,
            job_column(job::Column::MachinePlatformId)
                .equals((machine_platform::Entity, machine_platform::Column::Id)),
        )
        .join(
            JoinType::InnerJoin,
            push::Entity,
            job_column(job::Column::PushId).equals((push::Entity, push::Column::Id)),
        )
        .and_where(job_column(job::Column::RepositoryId).eq(repository_id))
        .limit(Ord::min(limit, MAX_NEWEST));
}
