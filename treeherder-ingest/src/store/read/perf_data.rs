//! Points of series (`spec/api.md` §4.2).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, FromQueryResult};

use crate::store::Store;
use crate::store::error::StoreError;

/// Which points a list holds; what is empty or `None` does not restrict it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatumQuery {
    /// Id of the repository.
    pub repository_id: i32,
    /// Ids of series.
    pub signature_ids: Vec<i64>,
    /// Hashes of series.
    pub hashes: Vec<String>,
    /// Ids of pushes.
    pub push_ids: Vec<i64>,
    /// Ids of jobs.
    pub job_ids: Vec<i64>,
    /// Ids of frameworks.
    pub frameworks: Vec<i64>,
    /// Younger than this.
    pub after: Option<DateTime<Utc>>,
    /// Older than this.
    pub before: Option<DateTime<Utc>>,
}

/// A point of a series.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct DatumSummary {
    /// Id.
    pub id: i64,
    /// Id of the series.
    pub signature_id: i32,
    /// Hash of the series.
    pub signature_hash: String,
    /// Job that measured, if it is still there.
    pub job_id: Option<i64>,
    /// Push.
    pub push_id: i32,
    /// Head commit of the push.
    pub revision: String,
    /// Time of the push, or of the commit measured.
    pub push_timestamp: DateTime<Utc>,
    /// Value.
    pub value: f64,
}

impl Store {
    /// Lists points of a repository's series by ascending id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn performance_data(&self, query: &DatumQuery) -> Result<Vec<DatumSummary>, StoreError> {
        let datum = |name: &'static str| Expr::col(("performance_datum", name));
        let series = |name: &'static str| Expr::col(("performance_signature", name));
        let mut select = Query::select();
        for column in ["id", "signature_id", "job_id", "push_id", "push_timestamp", "value"] {
            select.column(("performance_datum", column));
        }
        select
            .column(("performance_signature", "signature_hash"))
            .column(("push", "revision"))
            .from("performance_datum")
            .inner_join("performance_signature", series("id").equals(("performance_datum", "signature_id")))
            .inner_join("push", Expr::col(("push", "id")).equals(("performance_datum", "push_id")))
            .and_where(datum("repository_id").eq(query.repository_id))
            .order_by(("performance_datum", "id"), Order::Asc);
        if !query.signature_ids.is_empty() {
            select.and_where(datum("signature_id").is_in(query.signature_ids.iter().copied()));
        }
        if !query.hashes.is_empty() {
            select.and_where(series("signature_hash").is_in(query.hashes.iter().map(String::as_str)));
        }
        if !query.push_ids.is_empty() {
            select.and_where(datum("push_id").is_in(query.push_ids.iter().copied()));
        }
        if !query.job_ids.is_empty() {
            select.and_where(datum("job_id").is_in(query.job_ids.iter().copied()));
        }
        if !query.frameworks.is_empty() {
            select.and_where(series("framework_id").is_in(query.frameworks.iter().copied()));
        }
        if let Some(time) = query.after {
            select.and_where(datum("push_timestamp").gt(time));
        }
        if let Some(time) = query.before {
            select.and_where(datum("push_timestamp").lt(time));
        }
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| DatumSummary::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}
