//! Taking back everything that was said about jobs (`spec/api.md` §3.12).

use chrono::{SubsecRound as _, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, QueryFilter as _,
};

use super::ChangedJob;
use super::job::told;
use crate::store::entity::{bug_job_map, job, job_note};
use crate::store::error::StoreError;
use crate::store::{NOT_CLASSIFIED, Store};

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

impl Store {
    /// Deletes the notes and bugs of all these jobs, marks the jobs as not classified, and returns those that there are.
    /// Events tell that `who`, an e-mail address, has done it.
    ///
    /// # Errors
    /// When the database fails; nothing is deleted then.
    pub async fn unclassify(&self, job_ids: &[i64], who: &str) -> Result<Vec<ChangedJob>, StoreError> {
        let mut sorted = job_ids.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut changed = Vec::new();
        let transaction = self.begin_write().await?;
        for ids in sorted.chunks(IDS_PER_STATEMENT) {
            let ids = || ids.iter().copied();
            job::Entity::update_many()
                .col_expr(job::Column::FailureClassificationId, Expr::value(NOT_CLASSIFIED))
                .col_expr(job::Column::LastModified, Expr::value(Utc::now().trunc_subsecs(6)))
                .filter(job::Column::Id.is_in(ids()))
                .exec(&transaction)
                .await?;
            job_note::Entity::delete_many()
                .filter(job_note::Column::JobId.is_in(ids()))
                .exec(&transaction)
                .await?;
            bug_job_map::Entity::delete_many()
                .filter(bug_job_map::Column::JobId.is_in(ids()))
                .exec(&transaction)
                .await?;
            let mut select = Query::select();
            select
                .expr_as(Expr::col(("job", "id")), "job_id")
                .expr_as(Expr::col(("repository", "name")), "repository")
                .from("job")
                .inner_join("repository", Expr::col(("repository", "id")).equals(("job", "repository_id")))
                .and_where(Expr::col(("job", "id")).is_in(ids()));
            for row in transaction.query_all(&select).await? {
                changed.push(ChangedJob::from_query_result(&row, "")?);
            }
        }
        let appended = self.event_log().append(&transaction, &told(&changed, who)).await?;
        transaction.commit().await?;
        appended.announce();
        Ok(changed)
    }
}
