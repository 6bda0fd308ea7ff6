//! Series of performance data as lists (`spec/api.md` §4.1).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, FromQueryResult};

use super::perf_series::select_series;
use crate::store::Store;
use crate::store::error::StoreError;

/// Which series a list holds; what is empty or `None` does not restrict it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesQuery {
    /// Id of the repository.
    pub repository_id: i32,
    /// Hashes of the series that subtests count into.
    pub parents: Vec<String>,
    /// Only series that count into no other one.
    pub without_parent: bool,
    /// Ids.
    pub ids: Vec<i64>,
    /// Hashes.
    pub hashes: Vec<String>,
    /// Ids of frameworks.
    pub frameworks: Vec<i64>,
    /// Their newest datum is not older.
    pub updated_since: Option<DateTime<Utc>>,
    /// Their newest datum is not younger.
    pub updated_until: Option<DateTime<Utc>>,
    /// Name of the platform.
    pub platform: Option<String>,
}

/// A series.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct SeriesSummary {
    /// Id.
    pub id: i32,
    /// Hash of the properties.
    pub signature_hash: String,
    /// Framework.
    pub framework_id: i32,
    /// Hash of the build options.
    pub option_collection_hash: String,
    /// Platform.
    pub machine_platform: String,
    /// Suite.
    pub suite: String,
    /// Subtest, empty for a summary.
    pub test: String,
    /// Application.
    pub application: String,
    /// Whether changes alert.
    pub should_alert: Option<bool>,
    /// Whether a smaller value is an improvement.
    pub lower_is_better: bool,
    /// Whether subtests count into it.
    pub has_subtests: bool,
    /// Tags with blanks between.
    pub tags: String,
    /// Hash of the series that it counts into.
    pub parent_signature: Option<String>,
    /// Extra options with blanks between.
    pub extra_options: String,
    /// Unit.
    pub measurement_unit: Option<String>,
}

impl Store {
    /// Lists the series of a repository by ascending id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn performance_series(&self, query: &SeriesQuery) -> Result<Vec<SeriesSummary>, StoreError> {
        let mut select = select_series();
        select
            .column(("option_collection", "option_collection_hash"))
            .expr_as(Expr::col(("machine_platform", "platform")), "machine_platform")
            .expr_as(Expr::col(("parent", "signature_hash")), "parent_signature");
        restrict(&mut select, query);
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| SeriesSummary::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }

    /// Lists the names of the platforms of a repository's series.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn performance_platforms(&self, query: &SeriesQuery) -> Result<Vec<String>, StoreError> {
        let mut select = Query::select();
        select
            .distinct()
            .column(("machine_platform", "platform"))
            .from("performance_signature")
            .inner_join(
                "machine_platform",
                Expr::col(("machine_platform", "id")).equals(("performance_signature", "platform_id")),
            )
            .order_by(("machine_platform", "platform"), Order::Asc);
        restrict(&mut select, query);
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }
}

fn restrict(select: &mut SelectStatement, query: &SeriesQuery) {
    let column = |name: &'static str| Expr::col(("performance_signature", name));
    select.and_where(column("repository_id").eq(query.repository_id));
    if !query.parents.is_empty() {
        select.and_where(
            Expr::col(("parent", "signature_hash")).is_in(query.parents.iter().map(String::as_str)),
        );
    }
    if query.without_parent {
        select.and_where(column("parent_signature_id").is_null());
    }
    if !query.ids.is_empty() {
        select.and_where(column("id").is_in(query.ids.iter().copied()));
    }
    if !query.hashes.is_empty() {
        select.and_where(column("signature_hash").is_in(query.hashes.iter().map(String::as_str)));
    }
    if !query.frameworks.is_empty() {
        select.and_where(column("framework_id").is_in(query.frameworks.iter().copied()));
    }
    if let Some(time) = query.updated_since {
        select.and_where(column("last_updated").gte(time));
    }
    if let Some(time) = query.updated_until {
        select.and_where(column("last_updated").lte(time));
    }
    if let Some(name) = &query.platform {
        select.and_where(Expr::col(("machine_platform", "platform")).eq(name.as_str()));
    }
}
