//! How often bugs were seen (`spec/api.md` §3.23).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, QueryResult, Statement, Value};

use super::placeholders;
use crate::store::Store;
use crate::store::error::StoreError;

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

/// Classification of jobs whose failure is known to come and go.
const INTERMITTENT: i32 = 4;

/// Which pushes are looked at, by their times and repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSpan {
    /// Not older than this.
    pub from: DateTime<Utc>,
    /// Older than this.
    pub to: DateTime<Utc>,
    /// Ids of repositories; all of them when it is `None`.
    pub repositories: Option<Vec<i32>>,
}

impl PushSpan {
    /// Writes the condition on rows of `push`; values that are bound already come before its own.
    fn condition(&self, values: &mut Vec<Value>) -> String {
        let first = values.len() + 1;
        values.extend([self.from.into(), self.to.into()]);
        let mut condition = format!("push.time >= ${first} AND push.time < ${}", first + 1);
        if let Some(ids) = &self.repositories {
            let list = if ids.is_empty() { "NULL".to_owned() } else { placeholders(first + 2, ids.len()) };
            condition += &format!(" AND push.repository_id IN ({list})");
            values.extend(ids.iter().map(|id| Value::from(*id)));
        }
        condition
    }
}

/// A bug and how many jobs failed because of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BugFailures {
    /// Bug number; nothing for all internal issues together.
    pub bugzilla_id: Option<i32>,
    /// Number of jobs.
    pub jobs: i64,
}

/// A job that failed because of a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BugFailure {
    /// The job.
    pub job: FailedJob,
    /// First of the names of its options.
    pub build_type: Option<String>,
    /// Its error lines about tests that failed unexpectedly.
    pub lines: Vec<String>,
}

/// A job with what lists of failures tell of it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct FailedJob {
    /// Id.
    pub job_id: i64,
    /// Time of the push.
    pub push_time: DateTime<Utc>,
    /// Head commit of the push.
    pub revision: String,
    /// Platform.
    pub platform: String,
    /// Name of the job type when the signature was made.
    pub job_type_name: String,
    /// Name of the repository.
    pub repository: String,
    /// Hash of the options.
    pub option_collection_hash: String,
    /// Machine.
    pub machine_name: String,
    /// Slug of the task.
    pub task_id: Option<String>,
}

/// How much happened on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayOfFailures {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Number of pushes.
    pub pushes: i64,
    /// Number of failures.
    pub failures: i64,
}

impl Store {
    /// Counts the jobs that each bug was mapped to, the most frequent bug first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failures_by_bug(&self, span: &PushSpan) -> Result<Vec<BugFailures>, StoreError> {
        let mut values = Vec::new();
        let sql = format!(
            "SELECT bugscache.bugzilla_id, COUNT(*) AS jobs FROM push \
             JOIN job ON job.push_id = push.id \
             JOIN bug_job_map ON bug_job_map.job_id = job.id \
             JOIN bugscache ON bugscache.id = bug_job_map.bug_id \
             WHERE {} GROUP BY bugscache.bugzilla_id ORDER BY COUNT(*) DESC, bugscache.bugzilla_id DESC",
            span.condition(&mut values)
        );
        let counted = |row: &QueryResult| {
            Ok::<_, StoreError>(BugFailures {
                bugzilla_id: row.try_get_by_index(0)?,
                jobs: row.try_get_by_index(1)?,
            })
        };
        self.rows(sql, values).await?.iter().map(counted).collect()
    }

    /// Lists the jobs that a bug was mapped to, those of the newest pushes first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failures_of_bug(
        &self,
        bugzilla_id: i64,
        span: &PushSpan,
    ) -> Result<Vec<BugFailure>, StoreError> {
        let mut values: Vec<Value> = vec![bugzilla_id.into()];
        let sql = format!(
            "SELECT job.id AS job_id, push.time AS push_time, push.revision, machine_platform.platform, \
             reference_data_signatures.job_type_name, repository.name AS repository, \
             job.option_collection_hash, machine.name AS machine_name, taskcluster_metadata.task_id \
             FROM bugscache \
             JOIN bug_job_map ON bug_job_map.bug_id = bugscache.id \
             JOIN job ON job.id = bug_job_map.job_id \
             JOIN push ON push.id = job.push_id \
             JOIN repository ON repository.id = job.repository_id \
             JOIN machine_platform ON machine_platform.id = job.machine_platform_id \
             JOIN machine ON machine.id = job.machine_id \
             JOIN reference_data_signatures ON reference_data_signatures.id = job.signature_id \
             LEFT JOIN taskcluster_metadata ON taskcluster_metadata.job_id = job.id \
             WHERE bugscache.bugzilla_id = $1 AND {} ORDER BY push.time DESC, job.id DESC",
            span.condition(&mut values)
        );
        let rows = self.rows(sql, values).await?;
        let jobs: Vec<FailedJob> =
            rows.iter().map(|row| FailedJob::from_query_result(row, "")).collect::<Result<_, _>>()?;
        let options =
            self.platform_options(jobs.iter().map(|job| job.option_collection_hash.as_str())).await?;
        let mut lines = self.unexpected_failures(&jobs).await?;
        let with_lines = |job: FailedJob| BugFailure {
            build_type: options
                .get(&job.option_collection_hash)
                .and_then(|names| names.split(' ').next().map(str::to_owned)),
            lines: lines.remove(&job.job_id).unwrap_or_default(),
            job,
        };
        Ok(jobs.into_iter().map(with_lines).collect())
    }

    async fn unexpected_failures(&self, jobs: &[FailedJob]) -> Result<HashMap<i64, Vec<String>>, StoreError> {
        let mut lines: HashMap<i64, Vec<String>> = HashMap::new();
        for part in jobs.chunks(IDS_PER_STATEMENT) {
            let sql = format!(
                "SELECT job_id, line FROM text_log_error WHERE job_id IN ({}) \
                 AND line LIKE '%TEST-UNEXPECTED-FAIL%' ORDER BY id",
                placeholders(1, part.len())
            );
            let ids = part.iter().map(|job| job.job_id.into()).collect();
            for row in self.rows(sql, ids).await? {
                lines.entry(row.try_get_by_index(0)?).or_default().push(row.try_get_by_index(1)?);
            }
        }
        Ok(lines)
    }

    /// Counts, for each day that has pushes, the pushes and the jobs that a bug was mapped to; without a bug,
    /// the jobs that are classified as intermittent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failures_by_day(
        &self,
        bugzilla_id: Option<i64>,
        span: &PushSpan,
    ) -> Result<Vec<DayOfFailures>, StoreError> {
        let day = match self.backend() {
            DbBackend::Postgres => "to_char(push.time AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
            _ => "substr(push.time, 1, 10)",
        };
        let mut values = Vec::new();
        let condition = span.condition(&mut values);
        let sql = format!("SELECT {day}, COUNT(*) FROM push WHERE {condition} GROUP BY 1 ORDER BY 1");
        let mut days: BTreeMap<String, DayOfFailures> = BTreeMap::new();
        for row in self.rows(sql, values).await? {
            let date: String = row.try_get_by_index(0)?;
            let counted = DayOfFailures { date: date.clone(), pushes: row.try_get_by_index(1)?, failures: 0 };
            days.insert(date, counted);
        }
        let (tables, key): (&str, Value) = match bugzilla_id {
            Some(id) => (
                "JOIN bug_job_map ON bug_job_map.job_id = job.id \
                 JOIN bugscache ON bugscache.id = bug_job_map.bug_id AND bugscache.bugzilla_id = $1",
                id.into(),
            ),
            None => ("AND job.failure_classification_id = $1", INTERMITTENT.into()),
        };
        let mut values = vec![key];
        let condition = span.condition(&mut values);
        let sql = format!(
            "SELECT {day}, COUNT(*) FROM push JOIN job ON job.push_id = push.id {tables} \
             WHERE {condition} GROUP BY 1"
        );
        for row in self.rows(sql, values).await? {
            let date: String = row.try_get_by_index(0)?;
            if let Some(day) = days.get_mut(&date) {
                day.failures = row.try_get_by_index(1)?;
            }
        }
        Ok(days.into_values().collect())
    }

    /// Runs a statement that reads.
    pub(super) async fn rows(&self, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>, StoreError> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        Ok(self.connection().query_all_raw(statement).await?)
    }
}
