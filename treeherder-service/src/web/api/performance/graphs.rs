//! Series with their points, as graphs show them (§4.8).

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::read::{Graph, GraphPoint, GraphQuery, GraphSeries, GraphedSeries};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ago, rounded};
use crate::web::AppState;
use crate::web::json::{Json, Moment};
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(summary))
}

/// A series with its points.
#[derive(Debug, Serialize, ToSchema)]
struct SeriesGraph {
    /// Id of the series.
    signature_id: i32,
    /// Framework.
    framework_id: i32,
    /// Hash.
    signature_hash: String,
    /// Platform.
    platform: String,
    /// Subtest, empty for a summary.
    test: String,
    /// Suite.
    suite: String,
    /// Whether a smaller value is an improvement.
    lower_is_better: bool,
    /// Whether subtests count into it.
    has_subtests: bool,
    /// Tags with blanks between.
    tags: String,
    /// The values with two decimals, unless `data` has the points.
    values: Vec<f64>,
    /// Suite, subtest, option and extra options.
    name: String,
    /// Id of the series that it counts into.
    parent_signature: Option<i32>,
    /// The jobs that measured `values`; null when one is gone.
    job_ids: Vec<Option<i64>>,
    /// Name of the repository.
    repository_name: String,
    /// Id of the repository.
    repository_id: i32,
    /// The points, when one series was asked for with all of its data.
    data: Vec<Point>,
    /// Unit.
    measurement_unit: Option<String>,
    /// Application.
    application: String,
    /// Whether changes alert.
    should_alert: Option<bool>,
    /// 0 percentage, 1 absolute.
    alert_change_type: Option<i32>,
    /// Smallest change that alerts.
    alert_threshold: Option<f64>,
    /// When the jobs of `job_ids` were submitted.
    submit_times: Vec<Option<Moment>>,
}

/// A point of a series.
#[derive(Debug, Serialize, ToSchema)]
struct Point {
    /// Id of the job, if it is still there.
    job_id: Option<i64>,
    /// Id of the datum.
    id: i64,
    /// Value.
    value: f64,
    /// Time of the push.
    push_timestamp: Moment,
    /// Id of the push.
    push_id: i32,
    /// Head commit of the push.
    revision: String,
    /// When the job was submitted.
    submit_time: Option<Moment>,
    /// Machine that measured.
    machine_name: Option<String>,
}

impl From<GraphPoint> for Point {
    fn from(point: GraphPoint) -> Self {
        Self {
            job_id: point.job_id,
            id: point.id,
            value: point.value,
            push_timestamp: Moment(point.push_timestamp),
            push_id: point.push_id,
            revision: point.revision,
            submit_time: point.submit_time.map(Moment),
            machine_name: point.machine_name,
        }
    }
}

/// Shows series with their points
///
/// By ascending id. Needs a revision, an interval, or a first and a last day.
#[utoipa::path(
    get,
    path = "/api/performance/summary/",
    tag = "performance",
    params(
        ("repository" = String, Query, description = "Name of the repository, or its id"),
        ("revision" = Option<String>, Query, description = "Points of the push with this head commit"),
        ("interval" = Option<i64>, Query, description = "Points of pushes of the last so many seconds"),
        ("startday" = Option<String>, Query, description = "Points of pushes after this time"),
        ("endday" = Option<String>, Query, description = "Points of pushes before this time"),
        ("framework" = Option<Vec<i64>>, Query, description = "Ids of frameworks"),
        ("signature" = Option<String>, Query, description = "Id or hash of the series"),
        ("parent_signature" = Option<i64>, Query, description = "Id of the series that they count into"),
        ("no_subtests" = Option<bool>, Query, description = "Whether summaries are wanted rather than subtests"),
        ("all_data" = Option<bool>, Query, description = "Whether the points are wanted in full, with `signature`"),
        ("replicates" = Option<bool>, Query, description = "Whether each replicate is a point"),
        ("no_retriggers" = Option<bool>, Query, description = "Whether only the first point of each push is wanted"),
    ),
    responses((status = OK, body = Vec<SeriesGraph>), (status = BAD_REQUEST, body = Value))
)]
async fn summary(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Vec<SeriesGraph>>, Refused> {
    let name = parameters.text("repository");
    let name = name.ok_or_else(|| Refused::field("repository", "This field is required."))?;
    let revision = parameters.text("revision").map(str::to_owned);
    let interval = parameters.integer("interval")?;
    let (startday, endday) = (parameters.moment("startday")?, parameters.moment("endday")?);
    let by_days = startday.is_some() || endday.is_some();
    if revision.is_none() && interval.is_none() && (startday.is_none() || endday.is_none()) {
        let problem = "Required: revision, startday and endday or interval.";
        return Err(Refused::bad(json!({"non_field_errors": [problem]})));
    }
    let signature = parameters.text("signature").map(str::trim);
    let all_data = parameters.truth("all_data")?;
    let no_subtests = parameters.truth("no_subtests")?;
    let series = match signature {
        Some(text) => match text.parse() {
            Ok(id) => GraphSeries::Id(id),
            Err(_) => GraphSeries::Hash(text.to_owned()),
        },
        None if no_subtests => GraphSeries::Summaries,
        None => GraphSeries::Subtests,
    };
    let mut query = GraphQuery {
        repository_id: 0,
        series,
        frameworks: parameters.integers("framework")?,
        parent: parameters.integer("parent_signature")?,
        updated_since: interval.filter(|_| !all_data).map(ago),
        after: if by_days { startday } else { interval.map(ago) },
        before: endday,
        revision,
        replicates: parameters.truth("replicates")?,
    };
    let no_retriggers = parameters.truth("no_retriggers")?;
    let repository = match store.repository_by_name(name).await? {
        Some(repository) => Some(repository),
        None => store.repositories().await?.into_iter().find(|row| row.id.to_string() == name),
    };
    let repository =
        repository.ok_or_else(|| Refused::field("repository", &format!("{name} does not exist.")))?;
    query.repository_id = repository.id;
    let graphs = store.performance_graphs(&query).await?;
    let in_full = signature.is_some() && all_data;
    let shown = graphs.into_iter().map(|Graph { series, mut points }| {
        if no_retriggers {
            points.dedup_by_key(|point| point.push_id);
        }
        graph(series, points, in_full, &repository.name, repository.id)
    });
    Ok(Json(shown.collect()))
}

fn graph(
    series: GraphedSeries,
    mut points: Vec<GraphPoint>,
    in_full: bool,
    repository_name: &str,
    repository_id: i32,
) -> SeriesGraph {
    let name = full_name(&series);
    let (mut values, mut job_ids, mut submit_times, mut data) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if in_full {
        data = points.into_iter().map(Point::from).collect();
    } else {
        points.sort_by_key(|point| (point.job_id.is_none(), point.job_id, point.id));
        values = points.iter().map(|point| rounded(point.value)).collect();
        job_ids = points.iter().map(|point| point.job_id).collect();
        submit_times = points.iter().map(|point| point.submit_time.map(Moment)).collect();
    }
    SeriesGraph {
        signature_id: series.id,
        framework_id: series.framework_id,
        signature_hash: series.signature_hash,
        platform: series.platform,
        test: series.test,
        suite: series.suite,
        lower_is_better: series.lower_is_better,
        has_subtests: series.has_subtests,
        tags: series.tags,
        values,
        name,
        parent_signature: series.parent_signature_id,
        job_ids,
        repository_name: repository_name.to_owned(),
        repository_id,
        data,
        measurement_unit: series.measurement_unit,
        application: series.application,
        should_alert: series.should_alert,
        alert_change_type: series.alert_change_type,
        alert_threshold: series.alert_threshold,
        submit_times,
    }
}

/// Names a series for people.
fn full_name(series: &GraphedSeries) -> String {
    let mut name = series.suite.clone();
    if !series.test.is_empty() && series.test != series.suite {
        name.push(' ');
        name.push_str(&series.test);
    }
    format!("{name} {} {}", series.option_name, series.extra_options)
}
