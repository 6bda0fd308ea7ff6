//! Jobs of a project, and those similar to one (§3.1, §3.5).

use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use treeherder_ingest::store::{DetailedJobs, JobQuery, Store};
use treeherder_json_text::JsonText;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filters::{self, JobFilters};
use super::job_object::{BYTES_OF_OBJECT, JobObject, properties, write_array, write_object};
use crate::web::AppState;
use crate::web::json::{Written, to_bytes};
use crate::web::parameters::{Parameters, moment};
use crate::web::response::Refused;

/// Most jobs of one list.
const MAX_JOBS_COUNT: i64 = 2000;

/// Makes the routes of the lists of jobs of projects.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(similar))
}

/// A page of jobs.
// As it is described: `Window::page` writes it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct JobPage<'a> {
    /// The jobs.
    results: Vec<ListedJob<'a>>,
    /// What was asked for.
    meta: PageMeta<'a>,
    /// Names of the places of the arrays; only with arrays.
    job_property_names: Option<Vec<&'static str>>,
}

/// A job of a page: an object with `return_type=dict` or without `return_type`, else an array.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, clippy::large_enum_variant, reason = "only its description is used")]
enum ListedJob<'a> {
    /// Its properties by name.
    Object(JobObject<'a>),
    /// Its properties in the order of `job_property_names`.
    Array(Vec<Value>),
}

/// What page was asked for.
#[derive(Debug, Serialize, ToSchema)]
struct PageMeta<'a> {
    /// Project.
    repository: &'a str,
    /// Jobs passed over.
    offset: i64,
    /// Most jobs on the page.
    count: i64,
}

/// Lists jobs of a project
///
/// By ascending id. Filters whose values cannot be read are passed over.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/",
    tag = "jobs",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("offset" = Option<u64>, Query, description = "Jobs passed over"),
        ("count" = Option<u64>, Query, description = "Most jobs returned: 10 unless told otherwise, at most 2000"),
        ("return_type" = Option<String>, Query, description = "`dict`, or nothing, for objects; anything else for arrays"),
        JobFilters,
    ),
    responses((status = OK, body = JobPage<'static>), (status = NOT_FOUND, body = Value), (status = BAD_REQUEST, body = Value))
)]
async fn list(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Written, Refused> {
    // Other filters may be wrong without harm; those that decide how much is polled may not.
    for (name, value) in parameters.each() {
        if name.starts_with("last_modified") && !value.is_empty() && moment(value.trim()).is_none() {
            let problem = format!("Invalid date value for `last_modified`: {value}");
            return Err(Refused::bad(Value::String(problem)));
        }
    }
    let window = Window::of(&parameters, 10)?;
    if window.count > MAX_JOBS_COUNT {
        let problem = format!("Specified count exceeds API MAX_JOBS_COUNT value: {MAX_JOBS_COUNT}");
        return Err(Refused::invalid(&problem));
    }
    let repository_id = store.repository_id(&project).await?.ok_or_else(|| Refused::no_project(&project))?;
    let query = JobQuery {
        repository_id: Some(repository_id),
        conditions: filters::lenient(&parameters),
        offset: window.offset.unsigned_abs(),
        limit: window.count.unsigned_abs(),
    };
    let jobs = store.detailed_jobs(&query).await?;
    window.page(&jobs, &project, &parameters)
}

/// Lists jobs like another one
///
/// Those of the same type in the same project, of the newest pushes first.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{id}/similar_jobs/",
    tag = "jobs",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the job"),
        ("offset" = Option<u64>, Query, description = "Jobs passed over"),
        ("count" = Option<u64>, Query, description = "Most jobs returned: 50 unless told otherwise, at most 2000"),
        ("return_type" = Option<String>, Query, description = "`dict`, or nothing, for objects; anything else for arrays"),
        ("nosuccess" = Option<String>, Query, description = "Leaves out jobs that succeeded, whatever the value"),
        JobFilters,
    ),
    responses((status = OK, body = JobPage<'static>), (status = NOT_FOUND, body = Value), (status = BAD_REQUEST, body = Value))
)]
async fn similar(
    State(store): State<Store>,
    Path((project, id)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Written, Refused> {
    if store.repository_id(&project).await?.is_none() {
        return Err(Refused::no_project(&project));
    }
    let job = super::job_detail::find(&store, &project, &id).await?;
    let window = Window::of(&parameters, 50)?;
    let query = JobQuery {
        repository_id: None,
        conditions: filters::lenient(&parameters),
        offset: window.offset.unsigned_abs(),
        limit: window.count.min(MAX_JOBS_COUNT).unsigned_abs(),
    };
    let include_success = parameters.last("nosuccess").is_none();
    let jobs = store.similar_jobs(&job, include_success, &query).await?;
    window.page(&jobs, &project, &parameters)
}

/// The part of a list that is wanted; neither number is negative.
struct Window {
    offset: i64,
    count: i64,
}

impl Window {
    fn of(parameters: &Parameters, count: i64) -> Result<Self, Refused> {
        let read =
            |name: &str, default: i64| match parameters.last(name) {
                None => Ok(default),
                Some(text) => text.trim().parse().ok().filter(|number| *number >= 0).ok_or_else(|| {
                    Refused::bad(Value::String("Invalid value for offset or count".to_owned()))
                }),
            };
        Ok(Self { offset: read("offset", 0)?, count: read("count", count)? })
    }

    fn page(&self, jobs: &DetailedJobs, project: &str, parameters: &Parameters) -> Result<Written, Refused> {
        let arrays = parameters.last("return_type").is_some_and(|form| !form.eq_ignore_ascii_case("dict"));
        let write = if arrays { write_array } else { write_object };
        let mut json = JsonText::with_capacity(1024 + jobs.len() * BYTES_OF_OBJECT);
        json.next("{");
        json.next("\"results\":");
        json.next("[");
        for job in jobs.iter() {
            write(&job?, &mut json);
        }
        json.end(']');
        json.next("\"meta\":");
        json.written(&to_bytes(&PageMeta { repository: project, offset: self.offset, count: self.count })?);
        if arrays {
            json.next("\"job_property_names\":");
            json.written(&to_bytes(&properties())?);
        }
        json.end('}');
        Ok(Written(json))
    }
}
