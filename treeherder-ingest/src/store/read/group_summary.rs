//! How test groups went on a day (`spec/api.md` §3.24).

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;

use crate::store::Store;
use crate::store::error::StoreError;

/// Repositories that are looked at: mozilla-central and autoland.
const REPOSITORIES: &str = "1, 77";

/// How often a group went one way in jobs of one type and classification.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct GroupTally {
    /// Name of the group.
    pub group_name: String,
    /// Name of the job type.
    pub job_type_name: String,
    /// 1 went well, 2 did not.
    pub status: i16,
    /// Failure classification of the jobs.
    pub failure_classification_id: i32,
    /// Number of jobs.
    pub jobs: i64,
}

impl Store {
    /// Counts how the test groups went in jobs whose type begins with `prefix`, for pushes from one time to another, by the names of
    /// groups and job types.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn group_tallies(
        &self,
        prefix: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<GroupTally>, StoreError> {
        let sql = format!(
            r#"SELECT "group".name AS group_name, job_type.name AS job_type_name, group_status.status,
                      job.failure_classification_id, COUNT(*) AS jobs
               FROM push JOIN job ON job.push_id = push.id
               JOIN job_type ON job_type.id = job.job_type_id
               JOIN job_log ON job_log.job_id = job.id
               JOIN group_status ON group_status.job_log_id = job_log.id
               JOIN "group" ON "group".id = group_status.group_id
               WHERE push.repository_id IN ({REPOSITORIES}) AND push.time >= $1 AND push.time < $2
                 AND substr(job_type.name, 1, {}) = $3 AND group_status.status IN (1, 2)
               GROUP BY "group".name, job_type.name, group_status.status, job.failure_classification_id
               ORDER BY "group".name, job_type.name, group_status.status, job.failure_classification_id"#,
            prefix.chars().count()
        );
        let rows = self.rows(sql, vec![from.into(), to.into(), prefix.into()]).await?;
        Ok(rows.iter().map(|row| GroupTally::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}
