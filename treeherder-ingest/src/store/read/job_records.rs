//! Lists of jobs for the API: one statement for the jobs, the names from memory (`spec/api.md` §3.1, §3.5, §3.15).

use std::sync::OnceLock;

use sea_orm::sea_query::{
    Expr, ExprTrait as _, JoinType, Order, PostgresQueryBuilder, Query, SelectStatement, SqliteQueryBuilder,
};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr};

use super::job_filter::{JobFilterField, Wanted};
use super::job_page::{CORE, DETAILS, DetailedJobs, JobCore, JobDetails, JobRecords};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::rows::{Columns, Row, Texts};

/// Most jobs of one list.
const JOBS_LIMIT: u64 = 2000;

/// Which page of which jobs a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// Id of the repository; all of them without it.
    pub repository_id: Option<i32>,
    /// What jobs must fulfil, all of it.
    pub conditions: Vec<(JobFilterField, Wanted)>,
    /// Jobs passed over.
    pub offset: u64,
    /// Most jobs returned; never more than 2000.
    pub limit: u64,
}

/// Where a log of a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// `live_backing_log`, `errorsummary_json` or the name of a file with performance data.
    pub name: String,
    /// Its URL.
    pub url: String,
}

impl Store {
    /// Returns one page of the jobs that fulfil the conditions, by ascending id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_records(&self, query: &JobQuery) -> Result<JobRecords, StoreError> {
        let mut texts = Texts::default();
        let read = move |row: &Row<'_>| JobCore::read(row, &mut texts);
        let cores = self.list(page(query, self.backend()), &Columns::of(CORE), read).await?;
        self.with_names(cores).await
    }

    /// Returns one page of the jobs that fulfil the conditions with all details, by ascending id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn detailed_jobs(&self, query: &JobQuery) -> Result<DetailedJobs, StoreError> {
        self.detailed(page(query, self.backend())).await
    }

    /// Returns one page of the other jobs of the same type in the same repository, those of the newest pushes first.
    ///
    /// `include_success` tells whether jobs that succeeded are wanted too. The query's own repository does not count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn similar_jobs(
        &self,
        job: &JobCore,
        include_success: bool,
        query: &JobQuery,
    ) -> Result<DetailedJobs, StoreError> {
        let mut select = select_jobs(self.backend());
        let query = JobQuery { repository_id: Some(job.repository_id), ..query.clone() };
        conditions(&mut select, &query);
        select
            .limit(std::cmp::min(query.limit, JOBS_LIMIT))
            .offset(query.offset)
            .and_where(Expr::col(("job", "job_type_id")).eq(job.job_type_id))
            .and_where(Expr::col(("job", "id")).ne(job.id))
            .order_by(("job", "push_id"), Order::Desc)
            .order_by(("job", "start_time"), Order::Desc)
            .order_by(("job", "id"), Order::Desc);
        if !include_success {
            select.and_where(Expr::col(("job", "result")).ne("success"));
        }
        self.detailed(select).await
    }

    /// Returns the job of this id, if it belongs to the repository of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_core(&self, repository: &str, id: i64) -> Result<Option<JobCore>, StoreError> {
        let Some(repository_id) = self.repository_id(repository).await? else { return Ok(None) };
        let read = |row: &Row<'_>| JobCore::read(row, &mut Texts::default());
        let select = single(repository_id, id, self.backend());
        Ok(self.list(select, &Columns::of(CORE), read).await?.pop())
    }

    /// Tells whether there is a job of this id that belongs to the repository of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_job(&self, repository: &str, id: i64) -> Result<bool, StoreError> {
        let Some(repository_id) = self.repository_id(repository).await? else { return Ok(false) };
        let sql = "SELECT 1 FROM job WHERE id = $1 AND repository_id = $2";
        let values = vec![id.into(), repository_id.into()];
        Ok(!self.list_of(sql, values, |_: &Row<'_>| Ok(())).await?.is_empty())
    }

    /// Returns the job of this id with the names and URLs of its logs in the order of their ids, if it belongs to the repository
    /// of this name: a list of one job, or of none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_with_logs(
        &self,
        repository: &str,
        id: i64,
    ) -> Result<(DetailedJobs, Vec<LogPlace>), StoreError> {
        let mut found = Vec::new();
        let mut places = Vec::new();
        if let Some(repository_id) = self.repository_id(repository).await? {
            let values = vec![id.into(), repository_id.into()];
            let read = |row: &Row<'_>| {
                let logs = row.text(CORE.len() + DETAILS.len())?.unwrap_or("[]");
                let logs: Vec<(String, String)> = serde_json::from_str(logs)
                    .map_err(|error| DbErr::Type(format!("logs of a job, {logs}: {error}")))?;
                Ok(((JobCore::read(row, &mut Texts::default())?, JobDetails::read(row)?), logs))
            };
            for (job, logs) in self.list_of(single_with_logs(self.backend()), values, read).await? {
                found.push(job);
                places.extend(logs.into_iter().map(|(name, url)| LogPlace { name, url }));
            }
        }
        Ok((self.with_all_names(found).await?, places))
    }

    /// Counts the jobs that fulfil the conditions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_jobs(&self, query: &JobQuery) -> Result<u64, StoreError> {
        let mut select = Query::select();
        select.expr(Expr::col(("job", "id")).count()).from("job");
        conditions(&mut select, query);
        let row = self.connection().query_one(&select).await?;
        let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn detailed(&self, select: SelectStatement) -> Result<DetailedJobs, StoreError> {
        let columns = Columns::of(CORE.into_iter().chain(DETAILS));
        let mut texts = Texts::default();
        let both = move |row: &Row<'_>| Ok((JobCore::read(row, &mut texts)?, JobDetails::read(row)?));
        let jobs = self.list(select, &columns, both).await?;
        self.with_all_names(jobs).await
    }
}

/// Jobs with the runs of tasks that they are; what is read of them is not chosen yet.
fn select_jobs(backend: DbBackend) -> SelectStatement {
    const RUN: &str = "taskcluster_metadata";
    let mut select = Query::select();
    select.from("job");
    let of_job = Expr::col((RUN, "job_id")).equals(("job", "id"));
    if backend == DbBackend::Postgres {
        // Joined as it stands the whole table would be read for the jobs of one push: a query of its own is looked up for each,
        // and the offset keeps it one.
        let mut run = Query::select();
        run.columns(["task_id", "retry_id"]).from(RUN).and_where(of_job).offset(0);
        select.join_lateral(JoinType::LeftJoin, run, RUN, Expr::val(true));
    } else {
        select.left_join(RUN, of_job);
    }
    select
}

/// One page by ascending id.
pub(super) fn page(query: &JobQuery, backend: DbBackend) -> SelectStatement {
    let mut select = select_jobs(backend);
    conditions(&mut select, query);
    in_order(&mut select, query);
    select.limit(std::cmp::min(query.limit, JOBS_LIMIT));
    if query.offset > 0 {
        // The jobs before the page are counted in the index alone; as an offset whole rows would be read to pass them over.
        let mut first = Query::select();
        first.column(("job", "id")).from("job").limit(1).offset(query.offset);
        conditions(&mut first, query);
        in_order(&mut first, query);
        select.and_where(Expr::col(("job", "id")).gte(first));
    }
    select
}

/// The job of this id, if it belongs to the repository.
pub(super) fn single(repository_id: i32, id: i64, backend: DbBackend) -> SelectStatement {
    let mut select = select_jobs(backend);
    select
        .and_where(Expr::col(("job", "id")).eq(id))
        .and_where(Expr::col(("job", "repository_id")).eq(repository_id));
    select
}

/// The statement for a [`single`] job, its id and its repository's as parameters, with its logs. It is made once: to put it together took
/// half as long as to run it.
pub(super) fn single_with_logs(backend: DbBackend) -> &'static str {
    static OF_POSTGRES: OnceLock<String> = OnceLock::new();
    static OF_SQLITE: OnceLock<String> = OnceLock::new();
    let statement = |logs: &str| {
        let logs = format!(
            "(SELECT {logs} FROM (SELECT name, url FROM job_log WHERE job_log.job_id = job.id ORDER BY id) AS logs)"
        );
        let columns = Columns::of(CORE.into_iter().chain(DETAILS)).and(&logs);
        let mut select = select_jobs(backend);
        select
            .expr(Expr::cust(columns.selected().to_owned()))
            .and_where(Expr::cust("job.id = $1 AND job.repository_id = $2"));
        select
    };
    match backend {
        DbBackend::Postgres => OF_POSTGRES.get_or_init(|| {
            statement("json_agg(json_build_array(name, url))::text").to_string(PostgresQueryBuilder)
        }),
        _ => OF_SQLITE.get_or_init(|| {
            statement("json_group_array(json_array(name, url))").to_string(SqliteQueryBuilder)
        }),
    }
}

/// Orders by ascending id; the jobs of one push so that its index gives them in this order.
fn in_order(select: &mut SelectStatement, query: &JobQuery) {
    if query.conditions.iter().any(|(field, wanted)| field.is_one_push(wanted)) {
        // All of them are of one repository.
        select.order_by(("job", "repository_id"), Order::Asc);
    }
    select.order_by(("job", "id"), Order::Asc);
}

fn conditions(select: &mut SelectStatement, query: &JobQuery) {
    if let Some(id) = query.repository_id {
        select.and_where(Expr::col(("job", "repository_id")).eq(id));
    }
    for (field, wanted) in &query.conditions {
        select.cond_where(field.condition(wanted));
    }
}
