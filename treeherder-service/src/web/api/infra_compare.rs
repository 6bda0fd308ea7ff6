//! How long jobs ran, for comparing machines (§3.25).

use axum::extract::State;
use chrono::{TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::read::{Compared, JobTimes};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Longest interval, in seconds: a hundred years.
const LONGEST: i64 = 100 * 365 * 86_400;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(compare))
}

/// How long a job ran.
#[derive(Debug, Serialize, ToSchema)]
struct Run {
    /// Id of the job.
    id: i64,
    /// Name of its type.
    #[serde(rename = "job_type__name")]
    job_type_name: String,
    /// Whole seconds.
    duration: i64,
    /// Result.
    result: String,
}

impl From<JobTimes> for Run {
    fn from(times: JobTimes) -> Self {
        Self {
            id: times.id,
            job_type_name: times.job_type_name,
            duration: (times.end_time - times.start_time).num_seconds(),
            result: times.result,
        }
    }
}

/// Lists how long the jobs of a project ran
///
/// Those of a push, or those that started in a time.
#[utoipa::path(
    get,
    path = "/api/infracompare/",
    tag = "jobs",
    params(
        ("project" = String, Query, description = "Name of the repository"),
        ("revision" = Option<String>, Query, description = "Head of the push"),
        ("interval" = Option<i64>, Query, description = "Seconds back from now"),
        ("startday" = Option<String>, Query, description = "A day or a time in UTC; with `endday`"),
        ("endday" = Option<String>, Query, description = "A day or a time in UTC"),
    ),
    responses((status = OK, body = Vec<Run>), (status = BAD_REQUEST, body = Value))
)]
async fn compare(State(store): State<Store>, parameters: Parameters) -> Result<Json<Vec<Run>>, Refused> {
    let project =
        parameters.text("project").ok_or_else(|| Refused::field("project", "This field is required."))?;
    let (interval, from, to) =
        (parameters.integer("interval")?, parameters.moment("startday")?, parameters.moment("endday")?);
    let compared = match (parameters.text("revision"), interval, from, to) {
        (Some(revision), ..) => Compared::Revision(revision.to_owned()),
        (None, _, Some(from), Some(to)) => Compared::Started { from, to: Some(to) },
        (None, Some(seconds), ..) => {
            let back = TimeDelta::seconds(seconds.clamp(0, LONGEST));
            Compared::Started { from: Utc::now() - back, to: None }
        }
        _ => {
            let problem = "Required: revision, startday and endday, or interval.";
            return Err(Refused::bad(json!({"non_field_errors": [problem]})));
        }
    };
    let repository = store.repository_by_name(project).await?;
    let repository =
        repository.ok_or_else(|| Refused::field("project", &format!("{project} does not exist.")))?;
    Ok(Json(store.job_times(repository.id, &compared).await?.into_iter().map(Run::from).collect()))
}
