//! Removing what is old.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;

use super::clock::now;
use super::rows::Sql;
use crate::monitor::TaskState;
use crate::store::Store;
use crate::store::error::StoreError;

/// Rows removed by one statement, so that none takes long.
const ROWS_PER_STATEMENT: u64 = 2_000;
/// Statements of one clean-up for each kind of row; the next clean-up goes on.
const MAX_STATEMENTS: usize = 50;

/// How long records are kept, and how many.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Age of records of tasks that succeeded or started.
    pub successes: Duration,
    /// Number of them.
    pub max_successes: u64,
    /// Age of records of tasks that failed, are to be tried again or were revoked.
    pub failures: Duration,
    /// Number of them.
    pub max_failures: u64,
    /// Age of processes that are gone.
    pub workers: Duration,
    /// Age of revocations; a message that comes up later is worked on.
    pub revocations: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        Self {
            successes: DAY,
            max_successes: 20_000,
            failures: 14 * DAY,
            max_failures: 100_000,
            workers: DAY,
            revocations: 30 * DAY,
        }
    }
}

/// How many rows were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Records of tasks.
    pub tasks: u64,
    /// Processes that are gone.
    pub workers: u64,
    /// Revocations.
    pub revocations: u64,
}

impl Store {
    /// Removes what is older than `retention` allows, or too much; any process may do it at any time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prune_monitor(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let kinds = [
            (TaskState::Success, retention.successes, retention.max_successes),
            (TaskState::Started, retention.successes, retention.max_successes),
            (TaskState::Pending, retention.successes, retention.max_successes),
            (TaskState::Retry, retention.failures, retention.max_failures),
            (TaskState::Failure, retention.failures, retention.max_failures),
            (TaskState::Revoked, retention.failures, retention.max_failures),
        ];
        for (state, age, number) in kinds {
            let of_state = format!("FROM monitor_task WHERE state = '{}'", state.as_str());
            let limit = self.oldest_kept(&of_state, number).await?;
            let before = format!("updated < {}", self.ago(age));
            pruned.tasks +=
                self.remove("monitor_task", "id", &format!("{of_state} AND {before}"), None).await?;
            if let Some(limit) = limit {
                let surplus = format!("{of_state} AND updated < ");
                pruned.tasks += self.remove("monitor_task", "id", &surplus, Some(limit)).await?;
            }
        }
        let gone = format!("FROM monitor_worker WHERE heartbeat < {}", self.ago(retention.workers));
        pruned.workers = self.remove("monitor_worker", "name", &gone, None).await?;
        let old = format!("FROM monitor_revocation WHERE revoked < {}", self.ago(retention.revocations));
        pruned.revocations = self.remove("monitor_revocation", "id", &old, None).await?;
        Ok(pruned)
    }

    fn ago(&self, age: Duration) -> String {
        format!("{} - {}", now(self.backend()), i64::try_from(age.as_millis()).unwrap_or(i64::MAX / 4))
    }

    /// Returns when the oldest record changed that is to be kept when only the newest `number` are.
    async fn oldest_kept(&self, of_state: &str, number: u64) -> Result<Option<i64>, StoreError> {
        let sql = Sql::new(self.backend(), "SELECT updated ").text(of_state);
        let sql = sql.text(" ORDER BY updated DESC LIMIT 1 OFFSET ");
        let statement = sql.bind(i64::try_from(number.saturating_sub(1)).unwrap_or(i64::MAX)).finish();
        let row = self.connection().query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get("", "updated")).transpose()?)
    }

    /// Removes the rows that `from` selects, piece by piece; `limit` is the parameter at its end.
    async fn remove(
        &self,
        table: &str,
        key: &str,
        from: &str,
        limit: Option<i64>,
    ) -> Result<u64, StoreError> {
        let mut removed = 0;
        for _ in 0..MAX_STATEMENTS {
            let mut sql =
                Sql::new(self.backend(), &format!("DELETE FROM {table} WHERE {key} IN (SELECT {key} {from}"));
            if let Some(limit) = limit {
                sql = sql.bind(limit);
            }
            let statement = sql.text(&format!(" LIMIT {ROWS_PER_STATEMENT})")).finish();
            let rows = self.writer().execute_raw(statement).await?.rows_affected();
            removed += rows;
            if rows < ROWS_PER_STATEMENT {
                break;
            }
        }
        Ok(removed)
    }
}
