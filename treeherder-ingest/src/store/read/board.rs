//! What the jobs page draws: thousands of jobs at once, so only numbers per job, and each name once.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, FromQueryResult};

use crate::store::Store;
use crate::store::error::StoreError;

/// A job as the jobs page shows it; names are looked up in [`Board`].
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct BoardJob {
    /// Id of the job.
    pub id: i64,
    /// Id of its push.
    pub push_id: i32,
    /// State.
    pub state: String,
    /// Result; `unknown` while the job is not completed.
    pub result: String,
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
    pub option_collection_hash: String,
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

/// Columns of [`BoardJob`].
const COLUMNS: [&str; 13] = [
    "id",
    "push_id",
    "state",
    "result",
    "tier",
    "failure_classification_id",
    "job_type_id",
    "job_group_id",
    "machine_platform_id",
    "option_collection_hash",
    "submit_time",
    "start_time",
    "end_time",
];

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
        let restrict = |select: &mut SelectStatement| {
            select.from("job").and_where(Expr::col("push_id").is_in(push_ids.iter().copied()));
            if let Some(moment) = changed_after {
                select.and_where(Expr::col("last_modified").gt(moment));
            }
        };
        let mut select = Query::select();
        select.columns(COLUMNS).order_by("id", Order::Asc);
        restrict(&mut select);
        let rows = self.connection().query_all(&select).await?;
        let jobs: Vec<BoardJob> =
            rows.iter().map(|row| BoardJob::from_query_result(row, "")).collect::<Result<_, _>>()?;
        if jobs.is_empty() {
            return Ok(Board::default());
        }
        let mut latest = Query::select();
        latest.expr_as(Expr::col("last_modified").max(), "last_modified");
        restrict(&mut latest);
        let latest = self.connection().query_one(&latest).await?;
        let last_modified = latest.map(|row| row.try_get_by_index(0)).transpose()?;

        let options =
            self.platform_options(jobs.iter().map(|job| job.option_collection_hash.as_str())).await?;
        Ok(Board {
            types: self.board_names("job_type", distinct(&jobs, |job| job.job_type_id)).await?,
            groups: self.board_names("job_group", distinct(&jobs, |job| job.job_group_id)).await?,
            platforms: self.board_platforms(distinct(&jobs, |job| job.machine_platform_id)).await?,
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

    async fn board_names(
        &self,
        table: &'static str,
        ids: BTreeSet<i32>,
    ) -> Result<HashMap<i32, BoardName>, StoreError> {
        let mut select = Query::select();
        select.columns(["id", "symbol", "name"]).from(table).and_where(Expr::col("id").is_in(ids));
        let rows = self.connection().query_all(&select).await?;
        let named = rows.iter().map(|row| {
            let name = BoardName { symbol: row.try_get_by_index(1)?, name: row.try_get_by_index(2)? };
            Ok((row.try_get_by_index(0)?, name))
        });
        named.collect()
    }

    async fn board_platforms(&self, ids: BTreeSet<i32>) -> Result<HashMap<i32, String>, StoreError> {
        let mut select = Query::select();
        select.columns(["id", "platform"]).from("machine_platform").and_where(Expr::col("id").is_in(ids));
        let rows = self.connection().query_all(&select).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }
}

fn distinct(jobs: &[BoardJob], id: impl Fn(&BoardJob) -> i32) -> BTreeSet<i32> {
    jobs.iter().map(id).collect()
}
