//! What follows from duplicates (`spec/ingest.md` §7.1.2).

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::version::bump;
use crate::store::Store;
use crate::store::entity::{bug_job_map, bugscache};
use crate::store::error::StoreError;
use crate::writer::WriteTransaction;

impl Store {
    /// Makes each duplicate one of the bug at the end of its chain, which also keeps it from growing old before that one,
    /// and moves jobs from duplicates to the bugs that these are duplicates of.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn settle_duplicates(&self, open_of: &HashMap<i32, i32>) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        for (duplicate, open) in open_of {
            let Some(open) = by_number(&transaction, *open).await? else { continue };
            bugscache::Entity::update_many()
                .col_expr(bugscache::Column::DupeOf, Expr::value(open.bugzilla_id))
                .col_expr(bugscache::Column::Modified, Expr::value(open.modified))
                .filter(bugscache::Column::BugzillaId.eq(*duplicate))
                .exec(&transaction)
                .await?;
        }
        let mut mapped = Query::select();
        mapped.column("bug_id").from(bug_job_map::Entity);
        let duplicates = bugscache::Entity::find()
            .filter(bugscache::Column::DupeOf.is_not_null())
            .filter(bugscache::Column::Id.in_subquery(mapped))
            .all(&transaction)
            .await?;
        for duplicate in duplicates {
            let Some(number) = duplicate.dupe_of else { continue };
            let Some(open) = by_number(&transaction, number).await? else { continue };
            move_jobs(&transaction, duplicate.id, open.id).await?;
        }
        bump(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Moves the jobs of a bug to another one; a job that has both loses the first.
async fn move_jobs(transaction: &WriteTransaction, from: i64, to: i64) -> Result<(), StoreError> {
    let mut has_both = Query::select();
    has_both.column("job_id").from(bug_job_map::Entity).and_where(Expr::col("bug_id").eq(to));
    bug_job_map::Entity::delete_many()
        .filter(bug_job_map::Column::BugId.eq(from))
        .filter(bug_job_map::Column::JobId.in_subquery(has_both))
        .exec(transaction)
        .await?;
    bug_job_map::Entity::update_many()
        .col_expr(bug_job_map::Column::BugId, Expr::value(to))
        .filter(bug_job_map::Column::BugId.eq(from))
        .exec(transaction)
        .await?;
    Ok(())
}

async fn by_number(
    transaction: &WriteTransaction,
    number: i32,
) -> Result<Option<bugscache::Model>, StoreError> {
    Ok(bugscache::Entity::find().filter(bugscache::Column::BugzillaId.eq(number)).one(transaction).await?)
}
