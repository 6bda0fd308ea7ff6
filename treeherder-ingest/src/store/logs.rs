//! Logs of jobs: what a parser needs to know, and how far parsing has come (`spec/ingest.md` §5.1).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QueryOrder as _, QueryTrait as _, Statement,
};

use super::Store;
use super::entity::job_log;
use super::error::StoreError;
use crate::job::LogStatus;

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

/// A job as the parsers of its logs see it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct LogJob {
    /// Id of the job.
    pub job_id: i64,
    /// Guid of the job.
    pub guid: String,
    /// Id of the repository.
    pub repository_id: i32,
    /// Name of the repository.
    pub repository: String,
    /// Root URL of the Taskcluster deployment that ran the task.
    pub tc_root_url: String,
    /// Id of the push.
    pub push_id: i32,
    /// Head commit of the push.
    pub push_revision: String,
    /// Time of the push.
    pub push_time: DateTime<Utc>,
    /// State of the job.
    pub state: String,
    /// Result of the job.
    pub result: String,
    /// Tier of the job.
    pub tier: i32,
    /// Failure classification of the job.
    pub failure_classification_id: i32,
    /// When the job was scheduled.
    pub submit_time: DateTime<Utc>,
    /// Name of the job type.
    pub job_type_name: String,
    /// Options of the job.
    pub option_collection_hash: String,
    /// Id of the platform that the job ran on.
    pub machine_platform_id: i32,
    /// Name of the platform that the job ran on.
    pub machine_platform: String,
    /// Slug of the task, if the job is one.
    pub task_id: Option<String>,
    /// Run of the task.
    pub run_id: Option<i32>,
}

impl Store {
    /// Returns the job with its repository, push and task.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such job; or when the database fails.
    pub async fn log_job(&self, job_id: i64) -> Result<LogJob, StoreError> {
        let mut select = Query::select();
        for (table, column, name) in [
            ("job", "id", "job_id"),
            ("job", "guid", "guid"),
            ("job", "repository_id", "repository_id"),
            ("repository", "name", "repository"),
            ("repository", "tc_root_url", "tc_root_url"),
            ("job", "push_id", "push_id"),
            ("push", "revision", "push_revision"),
            ("push", "time", "push_time"),
            ("job", "state", "state"),
            ("job", "result", "result"),
            ("job", "tier", "tier"),
            ("job", "failure_classification_id", "failure_classification_id"),
            ("job", "submit_time", "submit_time"),
            ("job_type", "name", "job_type_name"),
            ("job", "option_collection_hash", "option_collection_hash"),
            ("job", "machine_platform_id", "machine_platform_id"),
            ("machine_platform", "platform", "machine_platform"),
            ("taskcluster_metadata", "task_id", "task_id"),
            ("taskcluster_metadata", "retry_id", "run_id"),
        ] {
            select.expr_as(Expr::col((table, column)), name);
        }
        select.from("job");
        for (table, column) in [
            ("repository", "repository_id"),
            ("push", "push_id"),
            ("job_type", "job_type_id"),
            ("machine_platform", "machine_platform_id"),
        ] {
            select.inner_join(table, Expr::col((table, "id")).equals(("job", column)));
        }
        select
            .left_join(
                "taskcluster_metadata",
                Expr::col(("taskcluster_metadata", "job_id")).equals(("job", "id")),
            )
            .and_where(Expr::col(("job", "id")).eq(job_id));
        let row = self.connection().query_one(&select).await?;
        let row = row.ok_or_else(|| StoreError::NotFound { what: "job", key: job_id.to_string() })?;
        Ok(LogJob::from_query_result(&row, "")?)
    }

    /// Returns the id of the job with this guid.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_id_of_guid(&self, guid: &str) -> Result<Option<i64>, StoreError> {
        let mut select = Query::select();
        select.column("id").from("job").and_where(Expr::col("guid").eq(guid));
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// Returns those of the logs that belong to the job, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_logs(&self, job_id: i64, ids: &[i32]) -> Result<Vec<job_log::Model>, StoreError> {
        let mut logs = Vec::new();
        for chunk in ids.chunks(IDS_PER_STATEMENT) {
            let found = job_log::Entity::find()
                .filter(job_log::Column::JobId.eq(job_id))
                .filter(job_log::Column::Id.is_in(chunk.iter().copied()))
                .all(self.connection())
                .await?;
            logs.extend(found);
        }
        logs.sort_by_key(|log| log.id);
        logs.dedup_by_key(|log| log.id);
        Ok(logs)
    }

    /// Returns all logs of the job, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_job_logs(&self, job_id: i64) -> Result<Vec<job_log::Model>, StoreError> {
        let logs = job_log::Entity::find()
            .filter(job_log::Column::JobId.eq(job_id))
            .order_by_asc(job_log::Column::Id)
            .all(self.connection())
            .await?;
        Ok(logs)
    }

    /// Sets how far the parsing of a log has come.
    ///
    /// # Errors
    /// As [`set_log_status`].
    pub async fn set_log_status(&self, log_id: i32, status: LogStatus) -> Result<(), StoreError> {
        set_log_status(self.writer(), log_id, status).await
    }
}

/// Sets how far the parsing of a log has come, within the transaction that stores what was parsed.
///
/// # Errors
/// [`StoreError::NotFound`] when the log is gone; or when the database fails.
pub async fn set_log_status<Connection: ConnectionTrait>(
    connection: &Connection,
    log_id: i32,
    status: LogStatus,
) -> Result<(), StoreError> {
    let statement = log_status_statement(connection.get_database_backend(), log_id, status);
    let updated = connection.execute_raw(statement).await?;
    check_log_status(log_id, updated.rows_affected())
}

/// The statement of [`set_log_status`]; the number of rows that it changed goes to [`check_log_status`].
pub(super) fn log_status_statement(backend: DbBackend, log_id: i32, status: LogStatus) -> Statement {
    job_log::Entity::update_many()
        .col_expr(job_log::Column::Status, Expr::val(status.code()))
        .filter(job_log::Column::Id.eq(log_id))
        .build(backend)
}

/// Tells whether there was a log whose status could be set.
pub(super) fn check_log_status(log_id: i32, rows_affected: u64) -> Result<(), StoreError> {
    if rows_affected == 0 {
        return Err(StoreError::NotFound { what: "job log", key: log_id.to_string() });
    }
    Ok(())
}
