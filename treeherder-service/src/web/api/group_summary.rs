//! How test manifests went on a day (§3.24).

use axum::extract::State;
use chrono::{DateTime, Days, NaiveTime, Utc};
use indexmap::{IndexMap, IndexSet};
use serde::Serialize;
use treeherder_ingest::store::Store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// How the types of the jobs begin that are looked at, one after the other.
const PLATFORMS: [&str; 4] = ["test-windows", "test-linux", "test-macosx", "test-android"];

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(summary))
}

/// Index of a job type, `passed` or `testfailed`, failure classification, number of jobs.
type Tally = (usize, &'static str, i32, i64);

/// How manifests went.
#[derive(Debug, Serialize, ToSchema)]
struct GroupSummary {
    /// Names of job types without the numbers of chunks.
    #[schema(value_type = Vec<String>)]
    job_type_names: IndexSet<String>,
    /// For each manifest of a platform: index of a job type, `passed` or `testfailed`, failure classification, number of jobs.
    #[schema(value_type = Vec<std::collections::BTreeMap<String, Vec<Vec<Value>>>>)]
    manifests: Vec<IndexMap<String, Vec<Tally>>>,
}

/// Counts how test manifests went
///
/// On one day, in mozilla-central and autoland.
#[utoipa::path(
    get,
    path = "/api/groupsummary/",
    tag = "failures",
    params(
        ("startdate" = Option<String>, Query, description = "First day, `YYYY-MM-DD`: today unless told otherwise"),
        ("enddate" = Option<String>, Query, description = "The day after: the next one unless told otherwise"),
    ),
    responses((status = OK, body = GroupSummary), (status = BAD_REQUEST, body = Value))
)]
async fn summary(State(store): State<Store>, parameters: Parameters) -> Result<Json<GroupSummary>, Refused> {
    let midnight = |day: chrono::NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
    let from = midnight(parameters.day("startdate")?.unwrap_or_else(|| Utc::now().date_naive()));
    let next = from.checked_add_days(Days::new(1)).unwrap_or(from);
    let to = parameters.day("enddate")?.map_or(next, |day| midnight(day).min(next));
    let mut job_type_names = IndexSet::new();
    let mut manifests = Vec::new();
    for platform in PLATFORMS {
        let mut of_platform: IndexMap<String, IndexMap<(usize, &'static str, i32), i64>> = IndexMap::new();
        for tally in store.group_tallies(platform, from, to).await? {
            let (job_type, _) = job_type_names.insert_full(without_chunk(&tally.job_type_name).to_owned());
            let result = if tally.status == 1 { "passed" } else { "testfailed" };
            let key = (job_type, result, tally.failure_classification_id);
            *of_platform.entry(tally.group_name).or_default().entry(key).or_default() += tally.jobs;
        }
        manifests.extend(of_platform.into_iter().map(|(name, tallies)| {
            let tallies = tallies
                .into_iter()
                .map(|((job_type, result, classification), jobs)| (job_type, result, classification, jobs));
            IndexMap::from([(name, tallies.collect())])
        }));
    }
    Ok(Json(GroupSummary { job_type_names, manifests }))
}

/// Takes the number of the chunk from the end of the name of a job type.
fn without_chunk(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((rest, chunk)) if !chunk.is_empty() && chunk.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_at_the_end_is_a_chunk() {
        assert_eq!(without_chunk("test-linux64/opt-mochitest-12"), "test-linux64/opt-mochitest");
        assert_eq!(without_chunk("test-linux64/opt-xpcshell"), "test-linux64/opt-xpcshell");
        assert_eq!(without_chunk("a-"), "a-");
    }
}
