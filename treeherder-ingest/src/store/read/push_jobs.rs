//! What the jobs of pushes tell about them: states, decision tasks, results of test groups (`spec/api.md` §3.8–3.10).

use std::collections::BTreeMap;

use indexmap::IndexMap;
use sea_orm::{ConnectionTrait as _, Statement};

use super::placeholders;
use crate::store::Store;
use crate::store::error::StoreError;

/// Most pushes whose decision tasks are looked for at once.
const PUSHES_LIMIT: usize = 1000;

/// A successful decision task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionTask {
    /// Slug of the task.
    pub task_id: String,
    /// Run of the task.
    pub retry_id: i32,
}

impl Store {
    /// Counts the unclassified jobs of a push that are not of tier 3, by state and result; nothing when there is no such push.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_status(&self, push_id: i32) -> Result<Option<Vec<(String, String, i64)>>, StoreError> {
        let sql = "SELECT state, result, COUNT(*) FROM job \
                   WHERE push_id = $1 AND tier <> 3 AND failure_classification_id = 1 \
                   GROUP BY state, result ORDER BY state, result";
        let statement = Statement::from_sql_and_values(self.backend(), sql, [push_id.into()]);
        let rows = self.connection().query_all_raw(statement).await?;
        if rows.is_empty() {
            let sql = "SELECT 1 FROM push WHERE id = $1";
            let statement = Statement::from_sql_and_values(self.backend(), sql, [push_id.into()]);
            if self.connection().query_one_raw(statement).await?.is_none() {
                return Ok(None);
            }
        }
        let counted = |row: &sea_orm::QueryResult| {
            Ok::<_, StoreError>((
                row.try_get_by_index(0)?,
                row.try_get_by_index(1)?,
                row.try_get_by_index(2)?,
            ))
        };
        rows.iter().map(counted).collect::<Result<_, _>>().map(Some)
    }

    /// Returns the newest successful decision task of each push that has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decision_tasks(&self, push_ids: &[i32]) -> Result<BTreeMap<i32, DecisionTask>, StoreError> {
        let mut tasks = BTreeMap::new();
        for part in push_ids.chunks(PUSHES_LIMIT) {
            let sql = format!(
                "SELECT job.push_id, taskcluster_metadata.task_id, taskcluster_metadata.retry_id FROM job \
                 JOIN job_type ON job_type.id = job.job_type_id \
                 JOIN taskcluster_metadata ON taskcluster_metadata.job_id = job.id \
                 WHERE job.push_id IN ({}) AND job.result = 'success' \
                   AND job_type.symbol = 'D' AND job_type.name LIKE '%Decision Task' ORDER BY job.id",
                placeholders(1, part.len())
            );
            let ids = part.iter().map(|id| (*id).into());
            let statement = Statement::from_sql_and_values(self.backend(), sql, ids);
            for row in self.connection().query_all_raw(statement).await? {
                let task =
                    DecisionTask { task_id: row.try_get_by_index(1)?, retry_id: row.try_get_by_index(2)? };
                tasks.insert(row.try_get_by_index(0)?, task);
            }
        }
        Ok(tasks)
    }

    /// Returns for each task of the push with this revision which of its test groups went well; nothing when there is no such
    /// push. Jobs that are no tasks come under `null`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_group_results(
        &self,
        repository: &str,
        revision: &str,
    ) -> Result<Option<IndexMap<String, IndexMap<String, bool>>>, StoreError> {
        let sql = "SELECT push.id FROM push JOIN repository ON repository.id = push.repository_id \
                   WHERE repository.name = $1 AND push.revision = $2";
        let values = [repository.into(), revision.into()];
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let Some(push) = self.connection().query_one_raw(statement).await? else { return Ok(None) };
        let push_id: i32 = push.try_get_by_index(0)?;
        let sql = r#"SELECT taskcluster_metadata.task_id, "group".name, group_status.status FROM job
                     JOIN job_log ON job_log.job_id = job.id
                     JOIN group_status ON group_status.job_log_id = job_log.id
                     JOIN "group" ON "group".id = group_status.group_id
                     LEFT JOIN taskcluster_metadata ON taskcluster_metadata.job_id = job.id
                     WHERE job.push_id = $1 AND group_status.status IN (1, 2)
                     ORDER BY job.id, group_status.id"#;
        let statement = Statement::from_sql_and_values(self.backend(), sql, [push_id.into()]);
        let mut results: IndexMap<String, IndexMap<String, bool>> = IndexMap::new();
        for row in self.connection().query_all_raw(statement).await? {
            let task: Option<String> = row.try_get_by_index(0)?;
            let status: i16 = row.try_get_by_index(2)?;
            let groups = results.entry(task.unwrap_or_else(|| "null".to_owned())).or_default();
            groups.insert(row.try_get_by_index(1)?, status == 1);
        }
        Ok(Some(results))
    }
}
