//! Lists of jobs with the names of what they refer to (`spec/api.md` §3.1, §3.15).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde::Serialize;

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::pushes::filter_revision;

/// Most jobs of one list.
const JOBS_LIMIT: u64 = 2000;

/// Which jobs a list holds; what is `None` does not restrict it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Id of the job.
    pub id: Option<i64>,
    /// Guid of the job.
    pub guid: Option<String>,
    /// Name of the repository.
    pub repository: Option<String>,
    /// Id of the push.
    pub push_id: Option<i32>,
    /// Revision of the push, or its beginning.
    pub revision: Option<String>,
    /// Result.
    pub result: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Rows passed over.
    pub offset: u64,
    /// Most rows returned; never more than 2000.
    pub limit: u64,
}

/// A job with the names of what it refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobSummary {
    /// Columns of the job and of the tables beside it.
    #[serde(flatten)]
    pub row: JobRow,
    /// Names of the job's options, sorted, with spaces between them.
    pub platform_option: String,
}

/// The joined row of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
#[expect(missing_docs, reason = "the names are those of the API (§3.1)")]
pub struct JobRow {
    pub id: i64,
    pub job_guid: String,
    pub repository: String,
    pub push_id: i32,
    pub push_revision: String,
    pub state: String,
    pub result: String,
    pub tier: i32,
    pub failure_classification_id: i32,
    pub who: String,
    pub reason: String,
    pub submit_time: DateTime<Utc>,
    pub start_time: DateTime<Utc>,
    pub end_time: DateTime<Utc>,
    pub last_modified: DateTime<Utc>,
    pub option_collection_hash: String,
    pub job_type_id: i32,
    pub job_type_name: String,
    pub job_type_symbol: String,
    pub job_type_description: String,
    pub job_group_id: i32,
    pub job_group_name: String,
    pub job_group_symbol: String,
    pub job_group_description: String,
    pub machine_name: String,
    pub build_platform_id: i32,
    pub build_platform: String,
    pub build_os: String,
    pub build_architecture: String,
    pub platform: String,
    pub machine_platform_os: String,
    pub machine_platform_architecture: String,
    pub signature: String,
    pub ref_data_name: String,
    pub build_system_type: String,
    pub task_id: Option<String>,
    pub retry_id: Option<i32>,
}

/// Table and column of each field of [`JobRow`].
const COLUMNS: [(&str, &str, &str); 37] = [
    ("job", "id", "id"),
    ("job", "guid", "job_guid"),
    ("repository", "name", "repository"),
    ("job", "push_id", "push_id"),
    ("push", "revision", "push_revision"),
    ("job", "state", "state"),
    ("job", "result", "result"),
    ("job", "tier", "tier"),
    ("job", "failure_classification_id", "failure_classification_id"),
    ("job", "who", "who"),
    ("job", "reason", "reason"),
    ("job", "submit_time", "submit_time"),
    ("job", "start_time", "start_time"),
    ("job", "end_time", "end_time"),
    ("job", "last_modified", "last_modified"),
    ("job", "option_collection_hash", "option_collection_hash"),
    ("job", "job_type_id", "job_type_id"),
    ("job_type", "name", "job_type_name"),
    ("job_type", "symbol", "job_type_symbol"),
    ("job_type", "description", "job_type_description"),
    ("job", "job_group_id", "job_group_id"),
    ("job_group", "name", "job_group_name"),
    ("job_group", "symbol", "job_group_symbol"),
    ("job_group", "description", "job_group_description"),
    ("machine", "name", "machine_name"),
    ("job", "build_platform_id", "build_platform_id"),
    ("build_platform", "platform", "build_platform"),
    ("build_platform", "os_name", "build_os"),
    ("build_platform", "architecture", "build_architecture"),
    ("machine_platform", "platform", "platform"),
    ("machine_platform", "os_name", "machine_platform_os"),
    ("machine_platform", "architecture", "machine_platform_architecture"),
    ("reference_data_signatures", "signature", "signature"),
    ("reference_data_signatures", "name", "ref_data_name"),
    ("reference_data_signatures", "build_system_type", "build_system_type"),
    ("taskcluster_metadata", "task_id", "task_id"),
    ("taskcluster_metadata", "retry_id", "retry_id"),
];

/// Tables that every job refers to.
const REFERRED: [(&str, &str); 8] = [
    ("repository", "repository_id"),
    ("push", "push_id"),
    ("job_type", "job_type_id"),
    ("job_group", "job_group_id"),
    ("machine", "machine_id"),
    ("build_platform", "build_platform_id"),
    ("machine_platform", "machine_platform_id"),
    ("reference_data_signatures", "signature_id"),
];

impl Store {
    /// Lists jobs, the newest (by id) first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<JobSummary>, StoreError> {
        let mut select = Self::select_jobs();
        select
            .order_by(("job", "id"), Order::Desc)
            .limit(std::cmp::min(filter.limit, JOBS_LIMIT))
            .offset(filter.offset);
        if let Some(name) = &filter.repository {
            // By its id, so that the index gives the newest jobs of the repository first.
            let Some(repository) = self.repository_by_name(name).await? else { return Ok(Vec::new()) };
            select.and_where(Expr::col(("job", "repository_id")).eq(repository.id));
        }
        self.restrict(&mut select, filter);
        let rows = self.connection().query_all(&select).await?;
        let rows: Vec<JobRow> =
            rows.iter().map(|row| JobRow::from_query_result(row, "")).collect::<Result<_, _>>()?;
        self.with_options(rows).await
    }

    /// Selects the columns of [`JobRow`] from all jobs.
    fn select_jobs() -> SelectStatement {
        let mut select = Query::select();
        for (table, column, name) in COLUMNS {
            select.expr_as(Expr::col((table, column)), name);
        }
        Self::join_jobs(&mut select);
        select
    }

    /// Selects from jobs and from what they refer to.
    fn join_jobs(select: &mut SelectStatement) {
        select.from("job");
        for (table, column) in REFERRED {
            select.inner_join(table, Expr::col((table, "id")).equals(("job", column)));
        }
        select.left_join(
            "taskcluster_metadata",
            Expr::col(("taskcluster_metadata", "job_id")).equals(("job", "id")),
        );
    }

    /// Adds the option names to rows.
    async fn with_options(&self, rows: Vec<JobRow>) -> Result<Vec<JobSummary>, StoreError> {
        let options =
            self.platform_options(rows.iter().map(|row| row.option_collection_hash.as_str())).await?;
        let with_options = |row: JobRow| {
            let names = options.get(&row.option_collection_hash);
            JobSummary { platform_option: names.map(|names| names.to_string()).unwrap_or_default(), row }
        };
        Ok(rows.into_iter().map(with_options).collect())
    }

    fn restrict(&self, select: &mut SelectStatement, filter: &JobFilter) {
        let texts = [("guid", &filter.guid), ("result", &filter.result), ("state", &filter.state)];
        for (column, value) in texts {
            if let Some(value) = value {
                select.and_where(Expr::col(("job", column)).eq(value.as_str()));
            }
        }
        if let Some(id) = filter.id {
            select.and_where(Expr::col(("job", "id")).eq(id));
        }
        if let Some(push_id) = filter.push_id {
            select.and_where(Expr::col(("job", "push_id")).eq(push_id));
        }
        if let Some(revision) = &filter.revision {
            filter_revision(select, self.backend(), revision);
        }
    }
}
