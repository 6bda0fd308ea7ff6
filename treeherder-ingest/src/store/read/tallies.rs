//! How many jobs and logs there are of each kind.

use sea_orm::{ConnectionTrait as _, Statement};
use serde::Serialize;

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

impl Store {
    /// Counts the jobs by state and result.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_tallies(&self) -> Result<Vec<JobTally>, StoreError> {
        let sql = "SELECT state, result, COUNT(*) FROM job GROUP BY state, result ORDER BY state, result";
        let mut tallies = Vec::new();
        for row in self.connection().query_all_raw(Statement::from_string(self.backend(), sql)).await? {
            let jobs: i64 = row.try_get_by_index(2)?;
            tallies.push(JobTally {
                state: row.try_get_by_index(0)?,
                result: row.try_get_by_index(1)?,
                jobs: u64::try_from(jobs).unwrap_or_default(),
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
            let logs: i64 = row.try_get_by_index(2)?;
            tallies.push(LogTally {
                name: row.try_get_by_index(0)?,
                status: LogStatus::from_code(row.try_get_by_index(1)?),
                logs: u64::try_from(logs).unwrap_or_default(),
            });
        }
        Ok(tallies)
    }
}
