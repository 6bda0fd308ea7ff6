//! Which bugs a job is an occurrence of (`spec/api.md` §3.13).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult,
    QueryFilter as _,
};

use super::ChangedJob;
use super::job::{find, told};
use crate::store::Store;
use crate::store::bugs::ensure_bug;
use crate::store::entity::{bug_job_map, bugscache};
use crate::store::error::StoreError;

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

/// A bug by one of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BugRef {
    /// Number at Bugzilla.
    Bugzilla(i32),
    /// Id of the row, for issues that Bugzilla does not have.
    Internal(i64),
}

/// A bug of a job, with who said so.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct BugMap {
    /// Id of the job.
    pub job_id: i64,
    /// Number at Bugzilla.
    pub bugzilla_id: Option<i32>,
    /// Id of the bug's row.
    pub bug_internal_id: i64,
    /// When it was said.
    pub created: DateTime<Utc>,
    /// Mail address of who said so; `None` when it was a program.
    pub email: Option<String>,
}

/// A bug of a job that is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBugMap {
    /// Id of the job.
    pub job_id: i64,
    /// The bug.
    pub bug: BugRef,
    /// Id of the account of who says so.
    pub user_id: Option<i32>,
    /// Whether the bug is open.
    pub bug_open: bool,
}

/// What became of a bug of a job that was to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BugMapOutcome {
    /// It is stored.
    Saved(ChangedJob),
    /// It was stored already, or there is no such internal issue.
    Skipped,
    /// There is no such job.
    NoJob,
}

impl Store {
    /// Returns the bugs of those of the jobs that are in the repository, in the order in which they were said.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bug_maps(&self, repository: &str, job_ids: &[i64]) -> Result<Vec<BugMap>, StoreError> {
        let mut found = Vec::new();
        for ids in job_ids.chunks(IDS_PER_STATEMENT) {
            let mut select = select();
            select
                .and_where(Expr::col(("repository", "name")).eq(repository))
                .and_where(Expr::col(("bug_job_map", "job_id")).is_in(ids.iter().copied()))
                .order_by(("bug_job_map", "id"), Order::Asc);
            for row in self.connection().query_all(&select).await? {
                found.push(BugMap::from_query_result(&row, "")?);
            }
        }
        Ok(found)
    }

    /// Returns the bug of the job by its number at Bugzilla.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bug_map(
        &self,
        repository: &str,
        job_id: i64,
        bugzilla_id: i32,
    ) -> Result<Option<BugMap>, StoreError> {
        let mut select = select();
        select
            .and_where(Expr::col(("repository", "name")).eq(repository))
            .and_where(Expr::col(("bug_job_map", "job_id")).eq(job_id))
            .and_where(Expr::col(("bugscache", "bugzilla_id")).eq(bugzilla_id));
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| BugMap::from_query_result(&row, "")).transpose()?)
    }

    /// Stores that a job is an occurrence of a bug.
    ///
    /// A number at Bugzilla that is not known gets a row to be filled by the next update from there. An event tells that `who`, an
    /// e-mail address, has said so.
    ///
    /// # Errors
    /// When the number is negative or the database fails.
    pub async fn create_bug_map(&self, new: &NewBugMap, who: &str) -> Result<BugMapOutcome, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(job) = find(&transaction, new.job_id, None).await? else { return Ok(BugMapOutcome::NoJob) };
        let bug_id = match new.bug {
            BugRef::Bugzilla(number) => ensure_bug(&transaction, number).await?,
            BugRef::Internal(id) => {
                if bugscache::Entity::find_by_id(id).one(&transaction).await?.is_none() {
                    return Ok(BugMapOutcome::Skipped);
                }
                id
            }
        };
        let row = bug_job_map::ActiveModel {
            job_id: Set(new.job_id),
            bug_id: Set(bug_id),
            created: Set(Utc::now()),
            user_id: Set(new.user_id),
            bug_open: Set(new.bug_open),
            ..Default::default()
        };
        let inserted = bug_job_map::Entity::insert(row)
            .on_conflict(OnConflict::columns(["job_id", "bug_id"]).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await?;
        if inserted == 0 {
            transaction.commit().await?;
            return Ok(BugMapOutcome::Skipped);
        }
        let appended = self.event_log().append(&transaction, &told(std::slice::from_ref(&job), who)).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(BugMapOutcome::Saved(job))
    }

    /// Deletes a bug of a job, if it is one; `None` when the job is not in the repository. An event tells that `who` has done
    /// it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_bug_map(
        &self,
        repository: &str,
        job_id: i64,
        bug: BugRef,
        who: &str,
    ) -> Result<Option<ChangedJob>, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(job) = find(&transaction, job_id, Some(repository)).await? else { return Ok(None) };
        let bug_id = match bug {
            BugRef::Internal(id) => Some(id),
            BugRef::Bugzilla(number) => bugscache::Entity::find()
                .filter(bugscache::Column::BugzillaId.eq(number))
                .one(&transaction)
                .await?
                .map(|bug| bug.id),
        };
        if let Some(bug_id) = bug_id {
            bug_job_map::Entity::delete_many()
                .filter(bug_job_map::Column::JobId.eq(job_id))
                .filter(bug_job_map::Column::BugId.eq(bug_id))
                .exec(&transaction)
                .await?;
        }
        let appended = self.event_log().append(&transaction, &told(std::slice::from_ref(&job), who)).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(Some(job))
    }
}

/// All bugs of jobs with who said so.
fn select() -> SelectStatement {
    let mut select = Query::select();
    for (table, column, name) in [
        ("bug_job_map", "job_id", "job_id"),
        ("bugscache", "bugzilla_id", "bugzilla_id"),
        ("bugscache", "id", "bug_internal_id"),
        ("bug_job_map", "created", "created"),
        ("auth_user", "email", "email"),
    ] {
        select.expr_as(Expr::col((table, column)), name);
    }
    join_jobs_and_bugs(&mut select);
    select.left_join("auth_user", Expr::col(("auth_user", "id")).equals(("bug_job_map", "user_id")));
    select
}

/// Selects from bugs of jobs with the bugs, the jobs and their repositories.
pub(in crate::store) fn join_jobs_and_bugs(select: &mut SelectStatement) {
    select
        .from("bug_job_map")
        .inner_join("bugscache", Expr::col(("bugscache", "id")).equals(("bug_job_map", "bug_id")))
        .inner_join("job", Expr::col(("job", "id")).equals(("bug_job_map", "job_id")))
        .inner_join("repository", Expr::col(("repository", "id")).equals(("job", "repository_id")));
}
