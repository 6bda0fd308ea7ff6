//! The feed of all jobs, which pages poll (§3.15).

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use treeherder_ingest::store::{JobCore, JobFilterField, JobQuery, JobRecord, Store, Wanted};
use treeherder_json_text::JsonText;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filters::{self, JobFilters};
use crate::web::AppState;
use crate::web::json::{Moment, Written, to_bytes};
use crate::web::parameters::{Parameters, query_text};
use crate::web::response::Refused;
use crate::web::site::addressed;

/// About what a job takes.
const BYTES_OF_JOB: usize = 320;

/// Default and largest page size.
const PAGE_SIZE: u64 = 2000;

/// Names of the places of a job's array; clients count on their order.
const PROPERTIES: [&str; 18] = [
    "failure_classification_id",
    "id",
    "job_group_name",
    "job_group_symbol",
    "job_type_name",
    "job_type_symbol",
    "last_modified",
    "platform",
    "push_id",
    "push_revision",
    "result",
    "signature",
    "state",
    "tier",
    "task_id",
    "retry_id",
    "duration",
    "platform_option",
];

/// Makes the routes of the feed.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(feed)).routes(routes!(one))
}

/// A page of the feed.
// As it is described: `feed` writes it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct FeedPage {
    /// Number of jobs on all pages.
    count: u64,
    /// URL of the next page.
    next: Option<String>,
    /// URL of the page before.
    previous: Option<String>,
    /// The jobs by ascending id, each an array.
    #[schema(value_type = Vec<Vec<Value>>)]
    results: Vec<()>,
    /// Names of the places of the arrays.
    #[schema(value_type = Vec<String>)]
    job_property_names: [&'static str; PROPERTIES.len()],
}

/// Writes a job as an array of [`PROPERTIES`].
fn write_job(job: &JobRecord<'_>, now: DateTime<Utc>, json: &mut JsonText) {
    let core = job.core;
    json.next("[");
    json.element(&core.failure_classification_id);
    json.element(&core.id);
    json.element(&job.job_group.name);
    json.element(&job.job_group.symbol);
    json.element(&job.job_type.name);
    json.element(&job.job_type.symbol);
    json.element(&Moment(core.last_modified));
    json.element(&job.machine_platform.platform);
    json.element(&core.push_id);
    json.element(job.push_revision);
    json.element(&*core.result);
    json.element(&job.signature.signature);
    json.element(&*core.state);
    json.element(&core.tier);
    json.element(&core.task_id);
    json.element(&core.retry_id);
    json.element(&minutes(core, now));
    json.element(job.platform_option);
    json.end(']');
}

/// Lists jobs of all projects
///
/// Pages of at most 2000 jobs by ascending id; filter by push, or by what changed since the last look.
#[utoipa::path(
    get,
    path = "/api/jobs/",
    tag = "jobs",
    params(
        ("page" = Option<String>, Query, description = "Number of the page from 1, or `last`"),
        ("count" = Option<u64>, Query, description = "Jobs on a page: 2000 unless told otherwise, which is the most"),
        JobFilters,
    ),
    responses((status = OK, body = FeedPage), (status = BAD_REQUEST, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn feed(
    State(store): State<Store>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Refused> {
    let mut query = JobQuery { conditions: filters::strict(&parameters)?, ..JobQuery::default() };
    let size = page_size(&parameters);
    let invalid_page = || Refused::not_found("Invalid page.");
    let asked = match parameters.text("page").map(str::trim) {
        None => Some(1),
        Some("last") => None,
        Some(number) => {
            let number = number.parse::<u64>().ok().filter(|page| (1..=u64::from(u32::MAX)).contains(page));
            Some(number.ok_or_else(invalid_page)?)
        }
    };
    let mut counted = None;
    let page = match asked {
        Some(page) => page,
        None => counted.insert(store.count_jobs(&query).await?).div_ceil(size).max(1),
    };
    (query.offset, query.limit) = ((page - 1) * size, size);
    let jobs = store.job_records(&query).await?;
    let count = match counted {
        Some(count) => count,
        // A page that is not full is the last one.
        None if jobs.len() < usize::try_from(size)? && (page == 1 || !jobs.is_empty()) => {
            query.offset + u64::try_from(jobs.len())?
        }
        None => store.count_jobs(&query).await?,
    };
    let pages = count.div_ceil(size).max(1);
    if page > pages {
        return Err(invalid_page());
    }
    let link = |page: u64| {
        let page = page.to_string();
        let others = parameters.each().filter(|(name, _)| *name != "page");
        let query = query_text(others.chain([("page", page.as_str())]));
        format!("{}/api/jobs/?{query}", addressed(&headers))
    };
    let now = Utc::now();
    let mut json = JsonText::with_capacity(1024 + jobs.len() * BYTES_OF_JOB);
    json.next("{");
    json.next("\"count\":");
    json.value(&count);
    json.next("\"next\":");
    json.value(&(page < pages).then(|| link(page + 1)));
    json.next("\"previous\":");
    json.value(&(page > 1).then(|| link(page - 1)));
    json.next("\"results\":");
    json.next("[");
    for job in jobs.iter() {
        write_job(&job?, now, &mut json);
    }
    json.end(']');
    json.next("\"job_property_names\":");
    json.written(&to_bytes(&PROPERTIES)?);
    json.end('}');
    Ok(Written(json).into_response())
}

/// Shows a job of any project
///
/// As an array, as in the list.
#[utoipa::path(
    get,
    path = "/api/jobs/{id}/",
    tag = "jobs",
    params(("id" = i64, Path, description = "Id of the job")),
    responses((status = OK, body = Vec<Value>), (status = NOT_FOUND, body = Value))
)]
async fn one(State(store): State<Store>, Path(id): Path<String>) -> Result<Response, Refused> {
    let Ok(id) = id.parse() else { return Err(Refused::not_found("Not found.")) };
    let by_id = JobFilterField::of_parameter("id").map(|field| (field, Wanted::Numbers(vec![id])));
    let query = JobQuery { conditions: by_id.into_iter().collect(), limit: 1, ..JobQuery::default() };
    let jobs = store.job_records(&query).await?;
    let job = jobs.iter().next().ok_or_else(|| Refused::not_found("No Job matches the given query."))?;
    let mut json = JsonText::with_capacity(BYTES_OF_JOB);
    write_job(&job?, Utc::now(), &mut json);
    Ok(Written(json).into_response())
}

fn page_size(parameters: &Parameters) -> u64 {
    let asked = parameters.last("count").and_then(|count| count.trim().parse::<u64>().ok());
    asked.filter(|count| *count > 0).unwrap_or(PAGE_SIZE).min(PAGE_SIZE)
}

/// Returns how long the job has run, in minutes, at least one. A time that was never set is the epoch; a job without a time to
/// count from tells the least.
pub(super) fn minutes(job: &JobCore, now: DateTime<Utc>) -> i64 {
    duration_of(job.submit_time, job.start_time, job.end_time, now)
}

/// As [`minutes`], of the times themselves.
pub(in crate::web) fn duration_of(
    submit: DateTime<Utc>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
) -> i64 {
    let set = |time: DateTime<Utc>| (time.timestamp() != 0).then_some(time);
    let end = set(end).unwrap_or(now);
    let start = set(start).or_else(|| set(submit)).unwrap_or(end);
    duration((end - start).num_milliseconds())
}

fn duration(milliseconds: i64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a span that is far below i64's range")]
    #[expect(clippy::cast_precision_loss, reason = "a span below thousands of years is exact")]
    let minutes = (milliseconds.max(60_000) as f64 / 60_000.0).round_ties_even() as i64;
    minutes.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_without_times_has_not_run_since_1970() {
        let now = Utc::now();
        let (never, hour_ago) = (DateTime::UNIX_EPOCH, now - chrono::TimeDelta::hours(1));
        assert_eq!(duration_of(never, never, never, now), 1);
        assert_eq!(duration_of(never, never, hour_ago, now), 1);
        assert_eq!(duration_of(never, hour_ago, never, now), 60);
        assert_eq!(duration_of(hour_ago, never, never, now), 60);
    }

    #[test]
    fn durations_round_half_to_even_and_are_at_least_a_minute() {
        for (milliseconds, minutes) in
            [(-5, 1), (0, 1), (60_000, 1), (89_999, 1), (90_000, 2), (150_000, 2), (210_000, 4)]
        {
            assert_eq!(duration(milliseconds), minutes, "{milliseconds}");
        }
    }
}
