//! `/api/jobs/` and the error lines of a job (§3.3, §3.15).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Value, json};
use treeherder_ingest::store::{FieldKind, JobFeed, JobFilter, JobFilterField, JobSummary, Store, Wanted};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::index::site;
use crate::web::response::{Refused, naive};

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

/// Makes the routes of jobs.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(feed)).routes(routes!(one)).routes(routes!(text_log_errors))
}

/// Answers with one page of the jobs that fulfil the filters.
#[utoipa::path(get, path = "/api/jobs/", tag = "jobs", responses((status = OK, body = Value)))]
async fn feed(
    State(store): State<Store>,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, Refused> {
    // The last value of a repeated parameter counts.
    let parameters: BTreeMap<String, String> = parameters.into_iter().collect();
    let mut feed = JobFeed { conditions: conditions(&parameters)?, ..JobFeed::default() };
    let count = store.count_job_feed(&feed).await?;
    let size = page_size(&parameters);
    let pages = count.div_ceil(size).max(1);
    let invalid_page = || Refused::not_found("Invalid page.");
    let page = match parameters.get("page").map(String::as_str) {
        None | Some("") => 1,
        Some("last") => pages,
        Some(number) => number.parse::<u64>().map_err(|_| invalid_page())?,
    };
    if page < 1 || page > pages {
        return Err(invalid_page());
    }
    (feed.offset, feed.limit) = ((page - 1) * size, size);
    let now = Utc::now();
    let results: Vec<Value> = store.job_feed(&feed).await?.iter().map(|job| shown(job, now)).collect();
    let link = |page: u64| {
        let mut parameters = parameters.clone();
        parameters.insert("page".to_owned(), page.to_string());
        format!("{}/api/jobs/?{}", site(&headers), query_text(&parameters))
    };
    Ok(Json(json!({
        "count": count,
        "next": (page < pages).then(|| link(page + 1)),
        "previous": (page > 1).then(|| link(page - 1)),
        "results": results,
        "job_property_names": PROPERTIES,
    })))
}

/// Answers with the array of one job.
#[utoipa::path(get, path = "/api/jobs/{id}/", tag = "jobs", params(("id" = String, Path)), responses((status = OK, body = Value)))]
async fn one(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<Value>, Refused> {
    let Ok(id) = id.parse() else { return Err(Refused::not_found("Not found.")) };
    let found = store.jobs(&JobFilter { id: Some(id), limit: 1, ..JobFilter::default() }).await?.pop();
    let job = found.ok_or_else(|| Refused::not_found("No Job matches the given query."))?;
    Ok(Json(shown(&job, Utc::now())))
}

/// Answers with the error lines of a job's logs; their numbers count from 0.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{id}/text_log_errors/",
    tag = "jobs",
    params(("project" = String, Path), ("id" = String, Path)),
    responses((status = OK, body = Value))
)]
async fn text_log_errors(
    State(store): State<Store>,
    Path((project, id)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    let missing = || Refused::missing(format!("No job with id: {id}"));
    let job_id: i64 = id.parse().map_err(|_| missing())?;
    let filter = JobFilter { id: Some(job_id), repository: Some(project), limit: 1, ..JobFilter::default() };
    if store.jobs(&filter).await?.is_empty() {
        return Err(missing());
    }
    let lines = store.error_lines(job_id).await?;
    let shown = lines.into_iter().map(|line| {
        json!({
            "id": line.id,
            "line": line.line,
            "line_number": line.line_number,
            "new_failure": line.new_failure,
            "job": job_id,
        })
    });
    Ok(Json(Value::Array(shown.collect())))
}

fn page_size(parameters: &BTreeMap<String, String>) -> u64 {
    let asked = parameters.get("count").and_then(|count| count.parse::<u64>().ok());
    asked.filter(|count| *count > 0).unwrap_or(PAGE_SIZE).min(PAGE_SIZE)
}

/// Reads the filters among the parameters; blank values and unknown names are passed over (§3.0).
fn conditions(parameters: &BTreeMap<String, String>) -> Result<Vec<(JobFilterField, Wanted)>, Refused> {
    let mut conditions = Vec::new();
    for (name, value) in parameters {
        let Some(field) = JobFilterField::of_parameter(name) else { continue };
        if value.trim().is_empty() {
            continue;
        }
        // A page that was opened for a task without a run sends this word.
        if name == "retry_id" && value == "undefined" {
            continue;
        }
        conditions.push((field, wanted(field, name, value)?));
    }
    Ok(conditions)
}

fn wanted(field: JobFilterField, name: &str, value: &str) -> Result<Wanted, Refused> {
    let values: Vec<&str> = if field.takes_list() {
        value.split(',').map(str::trim).filter(|value| !value.is_empty()).collect()
    } else {
        vec![value.trim()]
    };
    match field.kind() {
        FieldKind::Number => {
            let numbers: Result<Vec<i64>, _> = values.iter().map(|value| value.parse()).collect();
            numbers.map(Wanted::Numbers).map_err(|_| Refused::field(name, "Enter a number."))
        }
        FieldKind::Text => Ok(Wanted::Texts(values.into_iter().map(str::to_owned).collect())),
        FieldKind::Moment => moment(value.trim())
            .map(Wanted::Moment)
            .ok_or_else(|| Refused::field(name, "Enter a valid date/time.")),
    }
}

/// Reads an ISO date-time; without a zone it is UTC.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    // A plus sign that was not encoded arrives as a blank.
    let text = text.replace(' ', if text.matches(':').count() == 3 { "+" } else { "T" });
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Some(time.with_timezone(&Utc));
    }
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let day = || chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    time.or_else(day).map(|time| time.and_utc())
}

/// Makes the array of a job.
fn shown(job: &JobSummary, now: DateTime<Utc>) -> Value {
    let row = &job.row;
    json!([
        row.failure_classification_id,
        row.id,
        row.job_group_name,
        row.job_group_symbol,
        row.job_type_name,
        row.job_type_symbol,
        naive(row.last_modified),
        row.platform,
        row.push_id,
        row.push_revision,
        row.result,
        row.signature,
        row.state,
        row.tier,
        row.task_id,
        row.retry_id,
        minutes(job, now),
        job.platform_option,
    ])
}

/// Returns how long the job has run, in minutes, at least one. A time that was never set is the epoch.
fn minutes(job: &JobSummary, now: DateTime<Utc>) -> i64 {
    let set = |time: DateTime<Utc>| (time.timestamp() != 0).then_some(time);
    let end = set(job.row.end_time).unwrap_or(now);
    let start = set(job.row.start_time).unwrap_or(job.row.submit_time);
    duration((end - start).num_milliseconds())
}

fn duration(milliseconds: i64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a span that is far below i64's range")]
    let minutes = (milliseconds.max(60_000) as f64 / 60_000.0).round_ties_even() as i64;
    minutes.max(1)
}

/// Encodes parameters for a URL.
fn query_text(parameters: &BTreeMap<String, String>) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            b' ' => encoded.push('+'),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_round_half_to_even_and_are_at_least_a_minute() {
        for (milliseconds, minutes) in
            [(-5, 1), (0, 1), (60_000, 1), (89_999, 1), (90_000, 2), (150_000, 2), (210_000, 4)]
        {
            assert_eq!(duration(milliseconds), minutes, "{milliseconds}");
        }
    }

    #[test]
    fn moments_are_read_with_and_without_zone() {
        for (text, expected) in [
            ("2026-01-01T00:10:08.123", "2026-01-01T00:10:08.123+00:00"),
            ("2026-01-01T00:10:08Z", "2026-01-01T00:10:08+00:00"),
            ("2026-01-01T01:10:08 01:00", "2026-01-01T00:10:08+00:00"),
            ("2026-01-01 00:10", "2026-01-01T00:10:00+00:00"),
            ("2026-01-01", "2026-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(moment(text).map(|time| time.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn links_are_encoded() {
        let parameters =
            BTreeMap::from([("page".to_owned(), "2".to_owned()), ("a b".to_owned(), "ü&".to_owned())]);
        assert_eq!(query_text(&parameters), "a+b=%C3%BC%26&page=2");
    }
}
