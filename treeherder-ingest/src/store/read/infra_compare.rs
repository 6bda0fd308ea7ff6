//! How long jobs ran, for comparing machines (`spec/api.md` §3.25).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, FromQueryResult};

use crate::store::Store;
use crate::store::error::StoreError;

/// Which jobs of a repository are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Those of the pushes with this head commit.
    Revision(String),
    /// Those that started from one time to another, both included.
    Started {
        /// From when on.
        from: DateTime<Utc>,
        /// Until when; for ever when absent.
        to: Option<DateTime<Utc>>,
    },
}

/// When a job ran.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct JobTimes {
    /// Id of the job.
    pub id: i64,
    /// Name of its type.
    pub job_type_name: String,
    /// When it began.
    pub start_time: DateTime<Utc>,
    /// When it ended.
    pub end_time: DateTime<Utc>,
    /// Result.
    pub result: String,
}

impl Store {
    /// Returns when the jobs of a repository ran, by their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_times(
        &self,
        repository_id: i32,
        compared: &Compared,
    ) -> Result<Vec<JobTimes>, StoreError> {
        let mut select = Query::select();
        for (table, column, name) in [
            ("job", "id", "id"),
            ("job_type", "name", "job_type_name"),
            ("job", "start_time", "start_time"),
            ("job", "end_time", "end_time"),
            ("job", "result", "result"),
        ] {
            select.expr_as(Expr::col((table, column)), name);
        }
        select
            .from("job")
            .inner_join("job_type", Expr::col(("job_type", "id")).equals(("job", "job_type_id")))
            .and_where(Expr::col(("job", "repository_id")).eq(repository_id))
            .order_by(("job", "id"), Order::Asc);
        match compared {
            Compared::Revision(revision) => {
                select
                    .inner_join("push", Expr::col(("push", "id")).equals(("job", "push_id")))
                    .and_where(Expr::col(("push", "revision")).eq(revision.as_str()));
            }
            Compared::Started { from, to } => {
                select.and_where(Expr::col(("job", "start_time")).gte(*from));
                if let Some(to) = to {
                    select.and_where(Expr::col(("job", "start_time")).lte(*to));
                }
            }
        }
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| JobTimes::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}
