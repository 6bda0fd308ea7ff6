//! How the jobs of pushes are doing, without the jobs.

use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Query};

use crate::store::Store;
use crate::store::error::StoreError;

/// Jobs of a push that have the same state, result and classification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushTally {
    /// Id of the push.
    pub push_id: i32,
    /// State.
    pub state: String,
    /// Result; `unknown` while the jobs are not completed.
    pub result: String,
    /// Id of their failure classification.
    pub failure_classification_id: i32,
    /// Number of jobs.
    pub jobs: u64,
}

impl Store {
    /// Counts the jobs of some pushes. Only those of a tier below `hidden_tier` count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_tallies(
        &self,
        push_ids: &[i32],
        hidden_tier: i32,
    ) -> Result<Vec<PushTally>, StoreError> {
        if push_ids.is_empty() {
            return Ok(Vec::new());
        }
        let columns = ["push_id", "state", "result", "failure_classification_id"];
        let mut select = Query::select();
        select
            .columns(columns)
            .expr(Func::count(Expr::col("id")))
            .from("job")
            .and_where(Expr::col("push_id").is_in(push_ids.iter().copied()))
            .and_where(Expr::col("tier").lt(hidden_tier))
            .group_by_columns(columns);
        let mut tallies = Vec::new();
        for row in self.connection().query_all(&select).await? {
            let jobs: i64 = row.try_get_by_index(4)?;
            tallies.push(PushTally {
                push_id: row.try_get_by_index(0)?,
                state: row.try_get_by_index(1)?,
                result: row.try_get_by_index(2)?,
                failure_classification_id: row.try_get_by_index(3)?,
                jobs: u64::try_from(jobs).unwrap_or_default(),
            });
        }
        Ok(tallies)
    }
}
