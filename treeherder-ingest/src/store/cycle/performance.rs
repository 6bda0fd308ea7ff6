//! Old data points and the summaries of alerts that are of no use any more.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};

use crate::store::Store;
use crate::store::error::StoreError;

/// Which data points are deleted (§7.6.2); `before` is the newest time of a push that goes.
#[derive(Clone, Debug, PartialEq)]
pub enum OldData {
    /// Those of all repositories, oldest first.
    Any {
        /// Newest time.
        before: DateTime<Utc>,
    },
    /// Those of some series of a repository.
    OfSeries {
        /// The repository.
        repository: i32,
        /// Keys of the series.
        series: Vec<i32>,
        /// Newest time.
        before: DateTime<Utc>,
    },
    /// Those of a repository.
    OfRepository {
        /// The repository.
        repository: i32,
        /// Newest time.
        before: DateTime<Utc>,
    },
}

impl Store {
    /// Deletes up to `chunk` data points, with their replicates and marks of several commits; returns how many.
    ///
    /// # Errors
    /// When the database fails; nothing is deleted then.
    pub async fn delete_old_data_points(&self, which: &OldData, chunk: u32) -> Result<u64, StoreError> {
        let mut chosen = Query::select();
        chosen.column("id").from("performance_datum").limit(u64::from(Ord::max(chunk, 1)));
        let before = match which {
            OldData::Any { before } => {
                chosen.order_by("push_timestamp", Order::Asc);
                before
            }
            OldData::OfSeries { repository, series, before } => {
                chosen.and_where(Expr::col("repository_id").eq(*repository));
                chosen.and_where(Expr::col("signature_id").is_in(series.iter().copied()));
                before
            }
            OldData::OfRepository { repository, before } => {
                chosen.and_where(Expr::col("repository_id").eq(*repository));
                before
            }
        };
        chosen.and_where(Expr::col("push_timestamp").lte(*before));
        let mut delete = Query::delete();
        delete.from_table("performance_datum").and_where(Expr::col("id").in_subquery(chosen));
        let transaction = self.begin_write().await?;
        let deleted = transaction.execute(&delete).await?.rows_affected();
        transaction.commit().await?;
        Ok(deleted)
    }

    /// Lists up to `limit` series of a repository whose keys are below `below`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_series(
        &self,
        repository: i32,
        below: Option<i32>,
        limit: u32,
    ) -> Result<Vec<i32>, StoreError> {
        let mut select = Query::select();
        select
            .column("id")
            .from("performance_signature")
            .and_where(Expr::col("repository_id").eq(repository))
            .order_by("id", Order::Desc)
            .limit(u64::from(limit));
        if let Some(below) = below {
            select.and_where(Expr::col("id").lt(below));
        }
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    /// Deletes up to `chunk` summaries of alerts, made no later than `created`, that no alert belongs to or was moved to;
    /// returns how many.
    ///
    /// # Errors
    /// When the database fails; nothing is deleted then.
    pub async fn delete_empty_alert_summaries(
        &self,
        created: DateTime<Utc>,
        chunk: u32,
    ) -> Result<u64, StoreError> {
        let mut chosen = Query::select();
        chosen
            .column(("performance_alert_summary", "id"))
            .from("performance_alert_summary")
            .and_where(Expr::col(("performance_alert_summary", "created")).lte(created))
            .limit(u64::from(Ord::max(chunk, 1)));
        for column in ["summary_id", "related_summary_id"] {
            let same = Expr::col(("performance_alert", column)).equals(("performance_alert_summary", "id"));
            let alerts = Query::select().expr(Expr::val(1)).from("performance_alert").and_where(same).take();
            chosen.and_where(Expr::exists(alerts).not());
        }
        let mut delete = Query::delete();
        delete.from_table("performance_alert_summary").and_where(Expr::col("id").in_subquery(chosen));
        let transaction = self.begin_write().await?;
        let deleted = transaction.execute(&delete).await?.rows_affected();
        transaction.commit().await?;
        Ok(deleted)
    }
}
