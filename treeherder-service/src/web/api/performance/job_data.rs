//! What one job measured (§4.3).

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::performance::PerformancePoint;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rounded;
use super::signatures::words;
use crate::web::AppState;
use crate::web::json::{Json, Moment};
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(job_data))
}

/// What a job measured.
#[derive(Debug, Serialize, ToSchema)]
struct JobData {
    /// Id of the job.
    job_id: i64,
    /// Id of the push.
    push_id: i32,
    /// Time of the push.
    push_timestamp: Moment,
    /// Head commit of the push.
    revision: String,
    /// The points in the order of their ids.
    data: Vec<JobDatum>,
}

/// A point with its series.
#[derive(Debug, Serialize, ToSchema)]
struct JobDatum {
    /// Id.
    id: i64,
    /// The series.
    signature_data: JobSeries,
    /// Value, with two decimals.
    value: f64,
}

/// A series as the job's panel shows it.
#[derive(Debug, Serialize, ToSchema)]
struct JobSeries {
    /// Id.
    id: i32,
    /// Hash.
    signature_hash: String,
    /// Framework.
    framework_id: i32,
    /// Hash of the build options.
    option_collection_hash: String,
    /// Platform.
    machine_platform: String,
    /// Suite.
    suite: String,
    /// Whether changes alert.
    should_alert: Option<bool>,
    /// Whether a smaller value is an improvement.
    lower_is_better: bool,
    /// Subtest; null for a summary.
    test: Option<String>,
    /// Extra options; null when there are none.
    extra_options: Option<Vec<String>>,
    /// Unit; empty when unknown.
    measurement_unit: String,
}

impl From<PerformancePoint> for JobDatum {
    fn from(point: PerformancePoint) -> Self {
        let extra_options = words(&point.extra_options);
        Self {
            id: point.id,
            value: rounded(point.value),
            signature_data: JobSeries {
                id: point.signature_id,
                signature_hash: point.signature_hash,
                framework_id: point.framework_id,
                option_collection_hash: point.option_collection_hash,
                machine_platform: point.machine_platform,
                suite: point.suite,
                should_alert: point.should_alert,
                lower_is_better: point.lower_is_better,
                test: Some(point.test).filter(|test| !test.is_empty()),
                extra_options: (!extra_options.is_empty()).then_some(extra_options),
                measurement_unit: point.measurement_unit.unwrap_or_default(),
            },
        }
    }
}

/// Shows what a job measured
///
/// 400 when it measured nothing.
#[utoipa::path(
    get,
    path = "/api/project/{project}/performance/job-data/",
    tag = "performance",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("job_id" = i64, Query, description = "Id of the job"),
    ),
    responses((status = OK, body = JobData), (status = BAD_REQUEST, body = Value))
)]
async fn job_data(State(store): State<Store>, parameters: Parameters) -> Result<Json<JobData>, Refused> {
    let id = parameters.last("job_id").and_then(|id| id.trim().parse::<i64>().ok());
    let id = id.ok_or_else(|| Refused::bad(json!({"message": "Job id must be specified as integers"})))?;
    let found = store.performance_job_data(id).await?;
    let found =
        found.ok_or_else(|| Refused::bad(json!({"message": format!("No data found for job_id={id}")})))?;
    Ok(Json(JobData {
        job_id: found.job_id,
        push_id: found.push_id,
        push_timestamp: Moment(found.push_timestamp),
        revision: found.revision,
        data: found.data.into_iter().map(JobDatum::from).collect(),
    }))
}
