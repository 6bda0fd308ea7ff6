//! How many jobs and logs there are of each kind.

use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Query};
use sea_orm::{ConnectionTrait as _, Statement};
use serde::Serialize;

use super::count_at;
use crate::job::LogStatus;
use crate::store::Store;
use crate::store::error::StoreError;

/// Jobs of one state and result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobTally {
    /// State.
    pub state: String,
    /// Result.
    pub result: String,
    /// Number of jobs.
    pub jobs: u64,
}

/// Logs of one name and status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTally {
    /// `live_backing_log`, `errorsummary_json`, or a file name.
    pub name: String,
    /// How far parsing has come; nothing for a number that this version does not know.
    pub status: Option<LogStatus>,
    /// Number of logs.
    pub logs: u64,
}

/// Jobs of a push that have the same state, result and classification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushTally {
    /// Id of the push.
    pub push_id: i32,
    /// State.
    pub state: String,
    /// Result; `unknown` while the jobs are not completed.
    pub result: String,
    /// Id of their failure classification.
    pub failure_classification_id: i32,
    /// Number of jobs.
    pub jobs: u64,
}

impl Store {
    /// Counts the jobs by state and result.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_tallies(&self) -> Result<Vec<JobTally>, StoreError> {
        let sql = "SELECT state, result, COUNT(*) FROM job GROUP BY state, result ORDER BY state, result";
        let mut tallies = Vec::new();
        for row in self.connection().query_all_raw(Statement::from_string(self.backend(), sql)).await? {
            tallies.push(JobTally {
                state: row.try_get_by_index(0)?,
                result: row.try_get_by_index(1)?,
                jobs: count_at(&row, 2)?,
            });
        }
        Ok(tallies)
    }

    /// Counts the logs by name and status.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_tallies(&self) -> Result<Vec<LogTally>, StoreError> {
        let sql = "SELECT name, status, COUNT(*) FROM job_log GROUP BY name, status ORDER BY name, status";
        let mut tallies = Vec::new();
        for row in self.connection().query_all_raw(Statement::from_string(self.backend(), sql)).await? {
            tallies.push(LogTally {
                name: row.try_get_by_index(0)?,
                status: LogStatus::from_code(row.try_get_by_index(1)?),
                logs: count_at(&row, 2)?,
            });
        }
        Ok(tallies)
    }

    /// Counts the jobs of some pushes. Only those of a tier below `hidden_tier` count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_tallies(
        &self,
        push_ids: &[i32],
        hidden_tier: i32,
    ) -> Result<Vec<PushTally>, StoreError> {
        if push_ids.is_empty() {
            return Ok(Vec::new());
        }
        let columns = ["push_id", "state", "result", "failure_classification_id"];
        let mut select = Query::select();
        select
            .columns(columns)
            .expr(Func::count(Expr::col("id")))
            .from("job")
            .and_where(Expr::col("push_id").is_in(push_ids.iter().copied()))
            .and_where(Expr::col("tier").lt(hidden_tier))
            .group_by_columns(columns);
        let mut tallies = Vec::new();
        for row in self.connection().query_all(&select).await? {
            tallies.push(PushTally {
                push_id: row.try_get_by_index(0)?,
                state: row.try_get_by_index(1)?,
                result: row.try_get_by_index(2)?,
                failure_classification_id: row.try_get_by_index(3)?,
                jobs: count_at(&row, 4)?,
            });
        }
        Ok(tallies)
    }
}
