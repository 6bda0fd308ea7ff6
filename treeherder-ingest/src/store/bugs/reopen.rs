//! Incomplete bugs that occur again (`spec/ingest.md` §7.2).

use chrono::{TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Order, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _};

use crate::store::Store;
use crate::store::classification::join_jobs_and_bugs;
use crate::store::entity::bug_job_map;
use crate::store::error::StoreError;

/// So long back jobs are counted.
const WINDOW: TimeDelta = TimeDelta::days(7);

/// A bug that occurs again, with the newest job that has it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ReopenCandidate {
    /// Number at Bugzilla.
    pub bugzilla_id: i32,
    /// Id of the bug's row.
    pub bug_id: i64,
    /// Id of the job.
    pub job_id: i64,
    /// Name of the job's repository.
    pub repository: String,
}

impl Store {
    /// Returns the incomplete bugs that at least `minimum` jobs of the last week have, by their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reopen_candidates(&self, minimum: i64) -> Result<Vec<ReopenCandidate>, StoreError> {
        let newest = Query::select()
            .expr(Func::max(Expr::col(("bug_job_map", "id"))))
            .from("bug_job_map")
            .and_where(Expr::col(("bug_job_map", "created")).gte(Utc::now() - WINDOW))
            .group_by_col(("bug_job_map", "bug_id"))
            .and_having(Expr::expr(Func::count(Expr::col(("bug_job_map", "id")))).gte(minimum))
            .take();
        let mut select = Query::select();
        for (table, column, name) in [
            ("bugscache", "bugzilla_id", "bugzilla_id"),
            ("bug_job_map", "bug_id", "bug_id"),
            ("bug_job_map", "job_id", "job_id"),
            ("repository", "name", "repository"),
        ] {
            select.expr_as(Expr::col((table, column)), name);
        }
        join_jobs_and_bugs(&mut select);
        select
            .and_where(Expr::col(("bug_job_map", "id")).in_subquery(newest))
            .and_where(Expr::col(("bugscache", "resolution")).eq("INCOMPLETE"))
            .and_where(Expr::col(("bugscache", "bugzilla_id")).is_not_null())
            .order_by(("bug_job_map", "bug_id"), Order::Asc);
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| ReopenCandidate::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }

    /// Notes that the bug of the job is open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_bug_open(&self, job_id: i64, bug_id: i64) -> Result<(), StoreError> {
        bug_job_map::Entity::update_many()
            .col_expr(bug_job_map::Column::BugOpen, Expr::value(true))
            .filter(bug_job_map::Column::JobId.eq(job_id))
            .filter(bug_job_map::Column::BugId.eq(bug_id))
            .exec(self.writer())
            .await?;
        Ok(())
    }
}
