//! Incomplete bugs that occur again (`spec/ingest.md` §7.2).

use chrono::{TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Order, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _};

use crate::store::Store;
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
        let mut select = Query::select();
        select
            .column(("bug_job_map", "bug_id"))
            .expr_as(Func::max(Expr::col(("bug_job_map", "id"))), "newest")
            .from("bug_job_map")
            .inner_join("bugscache", Expr::col(("bugscache", "id")).equals(("bug_job_map", "bug_id")))
            .and_where(Expr::col(("bugscache", "resolution")).eq("INCOMPLETE"))
            .and_where(Expr::col(("bugscache", "bugzilla_id")).is_not_null())
            .and_where(Expr::col(("bug_job_map", "created")).gte(Utc::now() - WINDOW))
            .group_by_col(("bug_job_map", "bug_id"))
            .and_having(Expr::expr(Func::count(Expr::col(("bug_job_map", "id")))).gte(minimum))
            .order_by(("bug_job_map", "bug_id"), Order::Asc);
        let mut candidates = Vec::new();
        for row in self.connection().query_all(&select).await? {
            let newest: i64 = row.try_get("", "newest")?;
            let mut select = Query::select();
            for (table, column, name) in [
                ("bugscache", "bugzilla_id", "bugzilla_id"),
                ("bug_job_map", "bug_id", "bug_id"),
                ("bug_job_map", "job_id", "job_id"),
                ("repository", "name", "repository"),
            ] {
                select.expr_as(Expr::col((table, column)), name);
            }
            select
                .from("bug_job_map")
                .inner_join("bugscache", Expr::col(("bugscache", "id")).equals(("bug_job_map", "bug_id")))
                .inner_join("job", Expr::col(("job", "id")).equals(("bug_job_map", "job_id")))
                .inner_join("repository", Expr::col(("repository", "id")).equals(("job", "repository_id")))
                .and_where(Expr::col(("bug_job_map", "id")).eq(newest));
            if let Some(row) = self.connection().query_one(&select).await? {
                candidates.push(ReopenCandidate::from_query_result(&row, "")?);
            }
        }
        Ok(candidates)
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
            .exec(self.connection())
            .await?;
        Ok(())
    }
}
