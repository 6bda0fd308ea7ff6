//! Series with their points, as graphs show them (`spec/api.md` §4.8).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, FromQueryResult};

use super::perf_series::select_series;
use crate::store::Store;
use crate::store::error::StoreError;

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

/// Which series are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraphSeries {
    /// The one with this id.
    Id(i64),
    /// Those with this hash.
    Hash(String),
    /// Those that count into no other one.
    Summaries,
    /// Those that count into another one.
    Subtests,
}

/// Which points of which series are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphQuery {
    /// Id of the repository.
    pub repository_id: i32,
    /// The series.
    pub series: GraphSeries,
    /// Ids of frameworks; all of them when empty.
    pub frameworks: Vec<i64>,
    /// Id of the series that they count into.
    pub parent: Option<i64>,
    /// Their newest datum is not older.
    pub updated_since: Option<DateTime<Utc>>,
    /// Points of the push with this head commit.
    pub revision: Option<String>,
    /// Points of younger pushes.
    pub after: Option<DateTime<Utc>>,
    /// Points of older pushes.
    pub before: Option<DateTime<Utc>>,
    /// Whether each replicate is a point in place of the value made of them.
    pub replicates: bool,
}

/// A series with its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The series.
    pub series: GraphedSeries,
    /// Its points, by time, push, job and id.
    pub points: Vec<GraphPoint>,
}

/// A series as graphs show it.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct GraphedSeries {
    /// Id.
    pub id: i32,
    /// Hash of the properties.
    pub signature_hash: String,
    /// Framework.
    pub framework_id: i32,
    /// Platform.
    pub platform: String,
    /// Name of the build option.
    pub option_name: String,
    /// Suite.
    pub suite: String,
    /// Subtest, empty for a summary.
    pub test: String,
    /// Application.
    pub application: String,
    /// Whether changes alert; no for a subtest of a summary that has data and alerts itself, unless the subtest says otherwise.
    pub should_alert: Option<bool>,
    /// Whether a smaller value is an improvement.
    pub lower_is_better: bool,
    /// Whether subtests count into it.
    pub has_subtests: bool,
    /// Tags with blanks between.
    pub tags: String,
    /// Id of the series that it counts into.
    pub parent_signature_id: Option<i32>,
    /// Extra options with blanks between.
    pub extra_options: String,
    /// Unit.
    pub measurement_unit: Option<String>,
    /// 0 percentage, 1 absolute.
    pub alert_change_type: Option<i32>,
    /// Smallest change that alerts.
    pub alert_threshold: Option<f64>,
    /// Whether the parent alerts.
    parent_should_alert: Option<bool>,
}

/// A point of a graph.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct GraphPoint {
    /// Id of the datum.
    pub id: i64,
    /// Id of the series.
    pub signature_id: i32,
    /// Value.
    pub value: f64,
    /// Job that measured, if it is still there.
    pub job_id: Option<i64>,
    /// Push.
    pub push_id: i32,
    /// Head commit of the push.
    pub revision: String,
    /// Time of the push, or of the commit measured.
    pub push_timestamp: DateTime<Utc>,
    /// When the job was submitted.
    pub submit_time: Option<DateTime<Utc>>,
    /// Machine that measured.
    pub machine_name: Option<String>,
}

impl Store {
    /// Returns series with their points, by ascending id of the series.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn performance_graphs(&self, query: &GraphQuery) -> Result<Vec<Graph>, StoreError> {
        let series = self.graphed_series(query).await?;
        let mut points: HashMap<i32, Vec<GraphPoint>> = HashMap::new();
        for part in series.chunks(IDS_PER_STATEMENT) {
            for point in self.graph_points(query, part).await? {
                points.entry(point.signature_id).or_default().push(point);
            }
        }
        let with_points =
            |series: GraphedSeries| Graph { points: points.remove(&series.id).unwrap_or_default(), series };
        Ok(series.into_iter().map(with_points).collect())
    }

    async fn graphed_series(&self, query: &GraphQuery) -> Result<Vec<GraphedSeries>, StoreError> {
        let column = |name: &'static str| Expr::col(("performance_signature", name));
        let mut select = select_series();
        for name in ["parent_signature_id", "alert_change_type", "alert_threshold"] {
            select.column(("performance_signature", name));
        }
        select
            .column(("machine_platform", "platform"))
            .expr_as(Expr::col(("option", "name")), "option_name")
            .expr_as(Expr::col(("parent", "should_alert")), "parent_should_alert")
            .inner_join("option", Expr::col(("option", "id")).equals(("option_collection", "option_id")))
            .and_where(column("repository_id").eq(query.repository_id));
        match &query.series {
            GraphSeries::Id(id) => select.and_where(column("id").eq(*id)),
            GraphSeries::Hash(hash) => select.and_where(column("signature_hash").eq(hash.as_str())),
            GraphSeries::Summaries => select.and_where(column("parent_signature_id").is_null()),
            GraphSeries::Subtests => select.and_where(column("parent_signature_id").is_not_null()),
        };
        if !query.frameworks.is_empty() {
            select.and_where(column("framework_id").is_in(query.frameworks.iter().copied()));
        }
        if let Some(parent) = query.parent {
            select.and_where(column("parent_signature_id").eq(parent));
        }
        if let Some(time) = query.updated_since {
            select.and_where(column("last_updated").gte(time));
        }
        let rows = self.connection().query_all(&select).await?;
        let mut series: Vec<GraphedSeries> =
            rows.iter().map(|row| GraphedSeries::from_query_result(row, "")).collect::<Result<_, _>>()?;
        let undecided: Vec<i32> = series.iter().filter_map(parent_that_may_alert).collect();
        let alerting = self.series_with_data(query.repository_id, undecided).await?;
        for subtest in &mut series {
            if parent_that_may_alert(subtest).is_some_and(|parent| alerting.contains(&parent)) {
                subtest.should_alert = Some(false);
            }
        }
        Ok(series)
    }

    /// Returns those of the series that have at least one datum.
    async fn series_with_data(
        &self,
        repository_id: i32,
        mut ids: Vec<i32>,
    ) -> Result<HashSet<i32>, StoreError> {
        ids.sort_unstable();
        ids.dedup();
        let mut found = HashSet::new();
        for part in ids.chunks(IDS_PER_STATEMENT) {
            let data = Query::select()
                .expr(Expr::val(1))
                .from("performance_datum")
                .and_where(Expr::col(("performance_datum", "repository_id")).eq(repository_id))
                .and_where(
                    Expr::col(("performance_datum", "signature_id")).equals(("performance_signature", "id")),
                )
                .take();
            let mut select = Query::select();
            select
                .column(("performance_signature", "id"))
                .from("performance_signature")
                .and_where(Expr::col(("performance_signature", "id")).is_in(part.iter().copied()))
                .cond_where(Condition::all().add(Expr::exists(data)));
            for row in self.connection().query_all(&select).await? {
                found.insert(row.try_get_by_index(0)?);
            }
        }
        Ok(found)
    }

    async fn graph_points(
        &self,
        query: &GraphQuery,
        series: &[GraphedSeries],
    ) -> Result<Vec<GraphPoint>, StoreError> {
        let datum = |name: &'static str| Expr::col(("performance_datum", name));
        let mut select = Query::select();
        for column in ["id", "signature_id", "job_id", "push_id", "push_timestamp"] {
            select.column(("performance_datum", column));
        }
        if query.replicates {
            let value = Expr::col(("performance_datum_replicate", "value")).if_null(datum("value"));
            select.expr_as(value, "value").left_join(
                "performance_datum_replicate",
                Expr::col(("performance_datum_replicate", "performance_datum_id"))
                    .equals(("performance_datum", "id")),
            );
        } else {
            select.column(("performance_datum", "value"));
        }
        select
            .column(("push", "revision"))
            .column(("job", "submit_time"))
            .expr_as(Expr::col(("machine", "name")), "machine_name")
            .from("performance_datum")
            .inner_join("push", Expr::col(("push", "id")).equals(("performance_datum", "push_id")))
            .left_join("job", Expr::col(("job", "id")).equals(("performance_datum", "job_id")))
            .left_join("machine", Expr::col(("machine", "id")).equals(("job", "machine_id")))
            .and_where(datum("repository_id").eq(query.repository_id))
            .and_where(datum("signature_id").is_in(series.iter().map(|series| series.id)));
        for column in ["push_timestamp", "push_id", "job_id", "id"] {
            select.order_by(("performance_datum", column), Order::Asc);
        }
        if query.replicates {
            select.order_by(("performance_datum_replicate", "id"), Order::Asc);
        }
        if let Some(revision) = &query.revision {
            select.and_where(Expr::col(("push", "revision")).eq(revision.as_str()));
        }
        if let Some(time) = query.after {
            select.and_where(Expr::col(("push", "time")).gt(time));
        }
        if let Some(time) = query.before {
            select.and_where(Expr::col(("push", "time")).lt(time));
        }
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| GraphPoint::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}

/// Returns the parent of a subtest that alerts only if its parent does not.
fn parent_that_may_alert(series: &GraphedSeries) -> Option<i32> {
    let undecided = series.should_alert.is_none() && series.parent_should_alert != Some(false);
    series.parent_signature_id.filter(|_| undecided)
}
