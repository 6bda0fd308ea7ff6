//! How often bugs were seen (§3.23).

use axum::extract::State;
use chrono::{DateTime, Days, NaiveTime, Utc};
use serde::Serialize;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::read::{BugFailure, PushSpan};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::{Json, Moment};
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Groups of repositories that have a name here.
const TREES: [(&str, &[i32]); 3] =
    [("trunk", &[1, 2, 77]), ("firefox-releases", &[6, 7]), ("comm-releases", &[38, 135])];

/// Makes the routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(failures))
        .routes(routes!(failures_by_bug))
        .routes(routes!(failure_count))
}

/// A bug and how many jobs failed because of it.
#[derive(Debug, Serialize, ToSchema)]
struct BugCount {
    /// Bug number; null for internal issues, all together.
    bug_id: Option<i32>,
    /// Number of jobs.
    bug_count: i64,
}

/// Counts the failures of each bug
///
/// The most frequent one first.
#[utoipa::path(
    get,
    path = "/api/failures/",
    tag = "failures",
    params(
        ("startday" = String, Query, description = "First day of the pushes, `YYYY-MM-DD`"),
        ("endday" = String, Query, description = "Last day of the pushes, `YYYY-MM-DD`"),
        ("tree" = Option<String>, Query, description = "Name of a repository or of a group of them; `all`"),
    ),
    responses((status = OK, body = Vec<BugCount>), (status = BAD_REQUEST, body = Value))
)]
async fn failures(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Vec<BugCount>>, Refused> {
    let span = span(&store, &parameters).await?;
    let counts = store.failures_by_bug(&span).await?;
    let shown = counts.into_iter().map(|bug| BugCount { bug_id: bug.bugzilla_id, bug_count: bug.jobs });
    Ok(Json(shown.collect()))
}

/// A job that failed because of a bug.
#[derive(Debug, Serialize, ToSchema)]
struct Failure {
    /// Time of the push, with a blank between date and time.
    push_time: String,
    /// Platform.
    platform: String,
    /// Head commit of the push.
    revision: String,
    /// Name of the job type without platform and build type.
    test_suite: String,
    /// Name of the repository.
    tree: String,
    /// First option.
    build_type: String,
    /// Id of the job.
    job_id: i64,
    /// Bug number.
    bug_id: i64,
    /// Machine.
    machine_name: String,
    /// Error lines about tests that failed unexpectedly.
    lines: Vec<String>,
    /// Slug of the task.
    task_id: String,
}

/// Lists the failures of a bug
///
/// Those of the newest pushes first.
#[utoipa::path(
    get,
    path = "/api/failuresbybug/",
    tag = "failures",
    params(
        ("startday" = String, Query, description = "First day of the pushes, `YYYY-MM-DD`"),
        ("endday" = String, Query, description = "Last day of the pushes, `YYYY-MM-DD`"),
        ("tree" = Option<String>, Query, description = "Name of a repository or of a group of them; `all`"),
        ("bug" = i64, Query, description = "Bug number"),
    ),
    responses((status = OK, body = Vec<Failure>), (status = BAD_REQUEST, body = Value))
)]
async fn failures_by_bug(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Vec<Failure>>, Refused> {
    let span = span(&store, &parameters).await?;
    let bug = parameters.integer("bug")?;
    let bug = bug.ok_or_else(|| Refused::field("bug", "This field is required."))?;
    let shown = store.failures_of_bug(bug, &span).await?.into_iter().map(|failure| shown(failure, bug));
    Ok(Json(shown.collect()))
}

fn shown(BugFailure { job, build_type, lines }: BugFailure, bug_id: i64) -> Failure {
    let unknown = || "unknown".to_owned();
    let build_type = build_type.filter(|name| !name.is_empty()).unwrap_or_else(unknown);
    Failure {
        push_time: Moment(job.push_time).text(' '),
        test_suite: test_suite(&job.job_type_name, &job.platform, &build_type),
        platform: job.platform,
        revision: job.revision,
        tree: job.repository,
        build_type,
        job_id: job.job_id,
        bug_id,
        machine_name: job.machine_name,
        lines,
        task_id: job.task_id.unwrap_or_else(unknown),
    }
}

/// Takes platform and build type out of the name of a job type.
fn test_suite(job_type: &str, platform: &str, build_type: &str) -> String {
    let name = job_type.replace(&format!("test-{platform}"), "").replace(build_type, "");
    let mut rest = name.as_str();
    // What stood before the build type, and the separator after it.
    let mut characters = rest.chars();
    if characters.next().is_some() && characters.next().is_some_and(|second| matches!(second, '/' | '-')) {
        rest = characters.as_str();
    }
    rest.strip_suffix(['/', '-']).unwrap_or(rest).to_owned()
}

/// How much happened on one day.
#[derive(Debug, Serialize, ToSchema)]
struct DayCount {
    /// The day.
    date: String,
    /// Number of pushes.
    test_runs: i64,
    /// Number of failures.
    failure_count: i64,
}

/// Counts the failures of each day
///
/// Of one bug, or all that are classified as intermittent; days without pushes are missing.
#[utoipa::path(
    get,
    path = "/api/failurecount/",
    tag = "failures",
    params(
        ("startday" = String, Query, description = "First day of the pushes, `YYYY-MM-DD`"),
        ("endday" = String, Query, description = "Last day of the pushes, `YYYY-MM-DD`"),
        ("tree" = Option<String>, Query, description = "Name of a repository or of a group of them; `all`"),
        ("bug" = Option<i64>, Query, description = "Bug number"),
    ),
    responses((status = OK, body = Vec<DayCount>), (status = BAD_REQUEST, body = Value))
)]
async fn failure_count(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Vec<DayCount>>, Refused> {
    let span = span(&store, &parameters).await?;
    let days = store.failures_by_day(parameters.integer("bug")?, &span).await?;
    let shown = days.into_iter().map(|day| DayCount {
        date: day.date,
        test_runs: day.pushes,
        failure_count: day.failures,
    });
    Ok(Json(shown.collect()))
}

/// Reads which pushes are looked at.
async fn span(store: &Store, parameters: &Parameters) -> Result<PushSpan, Refused> {
    let required = |name: &str| -> Result<DateTime<Utc>, Refused> {
        let day = parameters.day(name)?.ok_or_else(|| Refused::field(name, "This field is required."))?;
        Ok(day.and_time(NaiveTime::MIN).and_utc())
    };
    let (from, last) = (required("startday")?, required("endday")?);
    let to = last.checked_add_days(Days::new(1)).unwrap_or(last);
    let tree = parameters.text("tree").unwrap_or("all");
    let repositories = if tree == "all" {
        None
    } else if let Some((_, ids)) = TREES.iter().find(|(name, _)| *name == tree) {
        Some(ids.to_vec())
    } else {
        let repository = store.repository_by_name(tree).await?;
        let repository =
            repository.ok_or_else(|| Refused::field("tree", &format!("{tree} does not exist.")))?;
        Some(vec![repository.id])
    };
    Ok(PushSpan { from, to, repositories })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_named_without_platform_and_build_type() {
        for (job_type, platform, build_type, suite) in [
            ("test-linux1804-64-qr/debug-mochitest-plain-1", "linux1804-64-qr", "debug", "mochitest-plain-1"),
            ("test-linux64/opt", "linux64", "opt", ""),
            ("build-linux64/opt", "linux64", "opt", "build-linux64"),
            ("é", "linux64", "opt", "é"),
        ] {
            assert_eq!(test_suite(job_type, platform, build_type), suite, "{job_type}");
        }
    }
}
