//! What the jobs page draws: thousands of jobs at once, so only numbers per job, and each name once.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, DbErr};

use super::names::{JobGroup, JobType, Kind, MachinePlatform};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::rows::{Column, Columns, Row, Texts};

/// A job as the jobs page shows it; names are looked up in [`Board`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardJob {
    /// Id of the job.
    pub id: i64,
    /// Id of its push.
    pub push_id: i32,
    /// State.
    pub state: Arc<str>,
    /// Result; `unknown` while the job is not completed.
    pub result: Arc<str>,
    /// Tier, from 1.
    pub tier: i32,
    /// Id of its failure classification.
    pub failure_classification_id: i32,
    /// Id in [`Board::types`].
    pub job_type_id: i32,
    /// Id in [`Board::groups`].
    pub job_group_id: i32,
    /// Id in [`Board::platforms`].
    pub machine_platform_id: i32,
    /// Hash in [`Board::options`].
    pub option_collection_hash: Arc<str>,
    /// When it was asked for; the epoch when that is not known, as with the other times.
    pub submit_time: DateTime<Utc>,
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// When it ended.
    pub end_time: DateTime<Utc>,
}

/// Symbol and name of a group of jobs or of a type of job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardName {
    /// The short form on the page.
    pub symbol: String,
    /// The name.
    pub name: String,
}

impl BoardName {
    fn of(kind: &Kind) -> Self {
        Self { symbol: kind.symbol.clone(), name: kind.name.clone() }
    }
}

/// Jobs with the names of what they refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// The jobs by ascending id.
    pub jobs: Vec<BoardJob>,
    /// Types by id.
    pub types: HashMap<i32, BoardName>,
    /// Groups by id.
    pub groups: HashMap<i32, BoardName>,
    /// Names of machine platforms by id.
    pub platforms: HashMap<i32, String>,
    /// Option names, sorted, with spaces between them, by the hash of their collection.
    pub options: HashMap<String, String>,
    /// Latest change among the jobs; nothing when there are none.
    pub last_modified: Option<DateTime<Utc>>,
}

/// Columns in the order that [`BoardJob::read`] expects them.
const COLUMNS: [Column; 14] = [
    ("job", "id"),
    ("job", "push_id"),
    ("job", "state"),
    ("job", "result"),
    ("job", "tier"),
    ("job", "failure_classification_id"),
    ("job", "job_type_id"),
    ("job", "job_group_id"),
    ("job", "machine_platform_id"),
    ("job", "option_collection_hash"),
    ("job", "submit_time"),
    ("job", "start_time"),
    ("job", "end_time"),
    ("job", "last_modified"),
];

impl BoardJob {
    /// Reads a job, but not when it last changed.
    fn read(row: &Row<'_>, texts: &mut Texts) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.number(0)?,
            push_id: row.number(1)?,
            state: row.shared(2, texts)?,
            result: row.shared(3, texts)?,
            tier: row.number(4)?,
            failure_classification_id: row.number(5)?,
            job_type_id: row.number(6)?,
            job_group_id: row.number(7)?,
            machine_platform_id: row.number(8)?,
            option_collection_hash: row.shared(9, texts)?,
            submit_time: row.moment(10)?,
            start_time: row.moment(11)?,
            end_time: row.moment(12)?,
        })
    }
}

impl Store {
    /// Reads all jobs of some pushes, or those that changed after a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn board(
        &self,
        push_ids: &[i32],
        changed_after: Option<DateTime<Utc>>,
    ) -> Result<Board, StoreError> {
        if push_ids.is_empty() {
            return Ok(Board::default());
        }
        let mut select = Query::select();
        select.from("job").and_where(Expr::col("push_id").is_in(push_ids.iter().copied()));
        if let Some(moment) = changed_after {
            select.and_where(Expr::col("last_modified").gt(moment));
        }
        let mut texts = Texts::default();
        let read = move |row: &Row<'_>| Ok((BoardJob::read(row, &mut texts)?, row.moment(13)?));
        let rows = self.list(select, &Columns::of(COLUMNS), read).await?;
        let last_modified = rows.iter().map(|(_, changed)| *changed).max();
        let mut jobs: Vec<BoardJob> = rows.into_iter().map(|(job, _)| job).collect();
        jobs.sort_unstable_by_key(|job| job.id);
        let options = self.platform_options(jobs.iter().map(|job| &*job.option_collection_hash)).await?;
        Ok(Board {
            types: self
                .resolve::<JobType>(jobs.iter().map(|job| job.job_type_id))
                .await?
                .map(|JobType(kind)| BoardName::of(kind)),
            groups: self
                .resolve::<JobGroup>(jobs.iter().map(|job| job.job_group_id))
                .await?
                .map(|JobGroup(kind)| BoardName::of(kind)),
            platforms: self
                .resolve::<MachinePlatform>(jobs.iter().map(|job| job.machine_platform_id))
                .await?
                .map(|MachinePlatform(name)| name.platform.clone()),
            options: options.into_iter().map(|(hash, names)| (hash, names.to_string())).collect(),
            last_modified,
            jobs,
        })
    }

    /// Finds the job of a run of a task in a repository; without a run that of the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_of_task(
        &self,
        repository_id: i32,
        task_id: &str,
        run: Option<i32>,
    ) -> Result<Option<i64>, StoreError> {
        let mut select = Query::select();
        select
            .column(("job", "id"))
            .from("taskcluster_metadata")
            .inner_join("job", Expr::col(("job", "id")).equals(("taskcluster_metadata", "job_id")))
            .and_where(Expr::col(("taskcluster_metadata", "task_id")).eq(task_id))
            .and_where(Expr::col(("job", "repository_id")).eq(repository_id))
            .order_by(("taskcluster_metadata", "retry_id"), Order::Desc)
            .limit(1);
        if let Some(run) = run {
            select.and_where(Expr::col(("taskcluster_metadata", "retry_id")).eq(run));
        }
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}
