//! Lists of jobs for the API: one statement for the jobs, the names from memory (`spec/api.md` §3.1, §3.5, §3.15).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, JoinType, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr};

use super::job_filter::{JobFilterField, Wanted};
use super::names::{
    BuildPlatform, JobGroup, JobSignature, JobType, Kind, MachineName, MachinePlatform, PlatformName,
    PushRevision, SignatureName,
};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::rows::{Column, Columns, Row, Texts};

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

/// A job as the feed of all jobs shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// Id.
    pub id: i64,
    /// Id of the repository.
    pub repository_id: i32,
    /// Id of the push.
    pub push_id: i32,
    /// State.
    pub state: Arc<str>,
    /// Result.
    pub result: Arc<str>,
    /// Tier.
    pub tier: i32,
    /// Failure classification.
    pub failure_classification_id: i32,
    /// When the job was submitted; the epoch when that is not known, as for the other times.
    pub submit_time: DateTime<Utc>,
    /// When it began.
    pub start_time: DateTime<Utc>,
    /// When it ended.
    pub end_time: DateTime<Utc>,
    /// When it last changed.
    pub last_modified: DateTime<Utc>,
    /// Id of the job type.
    pub job_type_id: i32,
    /// Job type.
    pub job_type: Arc<Kind>,
    /// Id of the job group.
    pub job_group_id: i32,
    /// Job group.
    pub job_group: Arc<Kind>,
    /// Platform that the job ran on.
    pub machine_platform: Arc<PlatformName>,
    /// Signature.
    pub signature: Arc<SignatureName>,
    /// Head commit of the push.
    pub push_revision: Arc<str>,
    /// Hash of the options.
    pub option_collection_hash: Arc<str>,
    /// Names of the options, sorted, with blanks between; empty when the hash is unknown.
    pub platform_option: Arc<str>,
    /// Slug of the task, if the job is one.
    pub task_id: Option<String>,
    /// Run of the task.
    pub retry_id: Option<i32>,
}

/// A job with everything that the API tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailedJob {
    /// What the feed shows too.
    pub record: JobRecord,
    /// Guid.
    pub guid: String,
    /// Who pushed.
    pub who: String,
    /// Why it was scheduled.
    pub reason: String,
    /// Machine that it ran on.
    pub machine_name: Arc<str>,
    /// Id of the platform that was built for.
    pub build_platform_id: i32,
    /// Platform that was built for.
    pub build_platform: Arc<PlatformName>,
}

/// Where a log of a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// `live_backing_log`, `errorsummary_json` or the name of a file with performance data.
    pub name: String,
    /// Its URL.
    pub url: String,
}

/// Columns in the order that [`Core::read`] expects them.
#[rustfmt::skip]
const CORE: [Column; 18] = [
    ("job", "id"),
    ("job", "repository_id"),
    ("job", "push_id"),
    ("job", "state"),
    ("job", "result"),
    ("job", "tier"),
    ("job", "failure_classification_id"),
    ("job", "submit_time"),
    ("job", "start_time"),
    ("job", "end_time"),
    ("job", "last_modified"),
    ("job", "job_type_id"),
    ("job", "job_group_id"),
    ("job", "machine_platform_id"),
    ("job", "signature_id"),
    ("job", "option_collection_hash"),
    ("taskcluster_metadata", "task_id"),
    ("taskcluster_metadata", "retry_id"),
];

/// Columns after those, which [`Details::read`] expects.
const DETAILS: [Column; 5] =
    [("job", "guid"), ("job", "who"), ("job", "reason"), ("job", "machine_id"), ("job", "build_platform_id")];

/// The columns of a job before names take the place of ids.
struct Core {
    id: i64,
    repository_id: i32,
    push_id: i32,
    state: Arc<str>,
    result: Arc<str>,
    tier: i32,
    failure_classification_id: i32,
    submit_time: DateTime<Utc>,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    last_modified: DateTime<Utc>,
    job_type_id: i32,
    job_group_id: i32,
    machine_platform_id: i32,
    signature_id: i32,
    option_collection_hash: Arc<str>,
    task_id: Option<String>,
    retry_id: Option<i32>,
}

impl Core {
    fn read(row: &Row<'_>, texts: &mut Texts) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.number(0)?,
            repository_id: row.number(1)?,
            push_id: row.number(2)?,
            state: row.shared(3, texts)?,
            result: row.shared(4, texts)?,
            tier: row.number(5)?,
            failure_classification_id: row.number(6)?,
            submit_time: row.moment(7)?,
            start_time: row.moment(8)?,
            end_time: row.moment(9)?,
            last_modified: row.moment(10)?,
            job_type_id: row.number(11)?,
            job_group_id: row.number(12)?,
            machine_platform_id: row.number(13)?,
            signature_id: row.number(14)?,
            option_collection_hash: row.shared(15, texts)?,
            task_id: row.text(16)?.map(str::to_owned),
            retry_id: row.optional(17)?,
        })
    }
}

/// What [`DETAILS`] holds.
struct Details {
    guid: String,
    who: String,
    reason: String,
    machine_id: i32,
    build_platform_id: i32,
}

impl Details {
    fn read(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            guid: row.owned(18)?,
            who: row.owned(19)?,
            reason: row.owned(20)?,
            machine_id: row.number(21)?,
            build_platform_id: row.number(22)?,
        })
    }
}

impl Store {
    /// Returns one page of the jobs that fulfil the conditions, by ascending id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_records(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        let mut texts = Texts::default();
        let read = move |row: &Row<'_>| Core::read(row, &mut texts);
        let cores = self.list(page(query, self.backend()), &Columns::of(CORE), read).await?;
        self.with_names(cores).await
    }

    /// Returns one page of the jobs that fulfil the conditions with all details, by ascending id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn detailed_jobs(&self, query: &JobQuery) -> Result<Vec<DetailedJob>, StoreError> {
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
        job: &JobRecord,
        include_success: bool,
        query: &JobQuery,
    ) -> Result<Vec<DetailedJob>, StoreError> {
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
    pub async fn detailed_job(&self, repository: &str, id: i64) -> Result<Option<DetailedJob>, StoreError> {
        let Some(repository_id) = self.repository_id(repository).await? else { return Ok(None) };
        Ok(self.detailed(single(repository_id, id, self.backend())).await?.pop())
    }

    /// Returns the job of this id with the names and URLs of its logs in the order of their ids, if it belongs to the repository
    /// of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_with_logs(
        &self,
        repository: &str,
        id: i64,
    ) -> Result<Option<(DetailedJob, Vec<LogPlace>)>, StoreError> {
        let Some(repository_id) = self.repository_id(repository).await? else { return Ok(None) };
        let logs = match self.backend() {
            DbBackend::Postgres => "json_agg(json_build_array(name, url))::text",
            _ => "json_group_array(json_array(name, url))",
        };
        let logs = format!(
            "(SELECT {logs} FROM (SELECT name, url FROM job_log WHERE job_log.job_id = job.id ORDER BY id) AS logs)"
        );
        let columns = Columns::of(CORE.into_iter().chain(DETAILS)).and(&logs);
        let read = |row: &Row<'_>| {
            let logs = row.text(CORE.len() + DETAILS.len())?.unwrap_or("[]");
            let logs: Vec<(String, String)> = serde_json::from_str(logs)
                .map_err(|error| DbErr::Type(format!("logs of a job, {logs}: {error}")))?;
            Ok((Core::read(row, &mut Texts::default())?, (Details::read(row)?, logs)))
        };
        let select = single(repository_id, id, self.backend());
        let Some((core, (details, logs))) = self.list(select, &columns, read).await?.pop() else {
            return Ok(None);
        };
        let job = self.with_details(vec![core], vec![details]).await?.pop();
        let logs = logs.into_iter().map(|(name, url)| LogPlace { name, url }).collect();
        Ok(job.map(|job| (job, logs)))
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

    async fn detailed(&self, select: SelectStatement) -> Result<Vec<DetailedJob>, StoreError> {
        let columns = Columns::of(CORE.into_iter().chain(DETAILS));
        let mut texts = Texts::default();
        let both = move |row: &Row<'_>| Ok((Core::read(row, &mut texts)?, Details::read(row)?));
        let rows = self.list(select, &columns, both).await?;
        let (mut cores, mut details) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for (core, more) in rows {
            cores.push(core);
            details.push(more);
        }
        self.with_details(cores, details).await
    }

    async fn with_details(
        &self,
        cores: Vec<Core>,
        details: Vec<Details>,
    ) -> Result<Vec<DetailedJob>, StoreError> {
        let machines = self.resolve::<MachineName>(details.iter().map(|job| job.machine_id)).await?;
        let platforms =
            self.resolve::<BuildPlatform>(details.iter().map(|job| job.build_platform_id)).await?;
        let records = self.with_names(cores).await?;
        let mut jobs = Vec::with_capacity(details.len());
        for (record, details) in records.into_iter().zip(details) {
            jobs.push(DetailedJob {
                record,
                guid: details.guid,
                who: details.who,
                reason: details.reason,
                machine_name: Arc::clone(&machines.get(details.machine_id)?.0),
                build_platform_id: details.build_platform_id,
                build_platform: Arc::clone(&platforms.get(details.build_platform_id)?.0),
            });
        }
        Ok(jobs)
    }

    async fn with_names(&self, cores: Vec<Core>) -> Result<Vec<JobRecord>, StoreError> {
        let types = self.resolve::<JobType>(cores.iter().map(|job| job.job_type_id)).await?;
        let groups = self.resolve::<JobGroup>(cores.iter().map(|job| job.job_group_id)).await?;
        let platforms =
            self.resolve::<MachinePlatform>(cores.iter().map(|job| job.machine_platform_id)).await?;
        let signatures = self.resolve::<JobSignature>(cores.iter().map(|job| job.signature_id)).await?;
        let pushes = self.resolve::<PushRevision>(cores.iter().map(|job| job.push_id)).await?;
        let options = self.platform_options(cores.iter().map(|job| &*job.option_collection_hash)).await?;
        let none: Arc<str> = "".into();
        let mut jobs = Vec::with_capacity(cores.len());
        for job in cores {
            jobs.push(JobRecord {
                id: job.id,
                repository_id: job.repository_id,
                push_id: job.push_id,
                state: job.state,
                result: job.result,
                tier: job.tier,
                failure_classification_id: job.failure_classification_id,
                submit_time: job.submit_time,
                start_time: job.start_time,
                end_time: job.end_time,
                last_modified: job.last_modified,
                job_type_id: job.job_type_id,
                job_type: Arc::clone(&types.get(job.job_type_id)?.0),
                job_group_id: job.job_group_id,
                job_group: Arc::clone(&groups.get(job.job_group_id)?.0),
                machine_platform: Arc::clone(&platforms.get(job.machine_platform_id)?.0),
                signature: Arc::clone(&signatures.get(job.signature_id)?.0),
                push_revision: Arc::clone(&pushes.get(job.push_id)?.0),
                platform_option: Arc::clone(options.get(&*job.option_collection_hash).unwrap_or(&none)),
                option_collection_hash: job.option_collection_hash,
                task_id: job.task_id,
                retry_id: job.retry_id,
            });
        }
        Ok(jobs)
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
