//! `POST /api/project/{project}/jobs/`: jobs in the form of the bridge's messages.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};
use treeherder_ingest::bridge::job_of_message;
use treeherder_ingest::job::{InvalidJob, LoadedJob};
use treeherder_ingest::store::{JobOutcome, JobStatus};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Submitter, check_project};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::json_body::JsonBody;
use crate::web::live::Live;
use crate::web::response::Refused;

/// Most jobs of one request.
const MOST: usize = 500;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(submit))
}

/// What became of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmittedJob)]
struct Taken {
    /// Its guid.
    guid: String,
    /// `created`, `updated`, `ignored` (it had come further already), or why it was not stored: `missing-push`,
    /// `ambiguous-push`, `rejected`.
    status: &'static str,
    /// Id of the job, if it is stored.
    id: Option<i64>,
    /// Where its log is submitted and read, if it is stored.
    log: Option<String>,
    /// Why it was not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Stores jobs, one or an array of them, each a job message of the schema `v1/pulse-job.json`.
///
/// Jobs that cannot be stored do not keep others from being stored; the status is 200 when all of them are, 409 when a push
/// is missing. Submitting them again changes nothing.
#[utoipa::path(
    post,
    path = "/api/project/{project}/jobs/",
    tag = "submission",
    params(("project" = String, Path)),
    request_body(content = Value, description = "A job message, or an array of at most 500"),
    responses(
        (status = OK, body = Vec<Taken>),
        (status = BAD_REQUEST, description = "`errors`: JSON pointers to what is wrong. Nothing is stored"),
        (status = FORBIDDEN, description = "No token"),
        (status = CONFLICT, description = "A job's push is not known; the others are stored")
    )
)]
async fn submit(
    _: Submitter,
    State(live): State<Live>,
    Path(project): Path<String>,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, Refused> {
    check_project(&live, &project)?;
    let (messages, is_list) = match body {
        Value::Array(messages) => (messages, true),
        message => (vec![message], false),
    };
    if messages.len() > MOST {
        let detail = format!("{} jobs, at most {MOST} at a time", messages.len());
        return Err(Refused::new(StatusCode::BAD_REQUEST, json!({"detail": detail})));
    }
    let mut jobs = Vec::with_capacity(messages.len());
    let mut errors = Vec::new();
    for (number, message) in messages.into_iter().enumerate() {
        let place = if is_list { format!("/{number}") } else { String::new() };
        match loaded(message, &project) {
            Ok(job) => jobs.push(job),
            Err(found) => {
                errors.extend(found.into_iter().map(
                    |(pointer, message)| json!({"pointer": format!("{place}{pointer}"), "message": message}),
                ));
            }
        }
    }
    if !errors.is_empty() {
        let body = json!({"detail": "Not valid job messages; nothing is stored.", "errors": errors});
        return Err(Refused::new(StatusCode::BAD_REQUEST, body));
    }
    let outcomes = live.pipeline.submit_jobs(&jobs).await?;
    let status = match outcomes.iter().find(|outcome| outcome.job_id.is_none()).map(|outcome| &outcome.status)
    {
        None => StatusCode::OK,
        Some(JobStatus::UnknownRepository | JobStatus::InactiveRepository) => {
            return Err(Refused::not_found(&format!("No active project with name {project}")));
        }
        Some(JobStatus::Rejected(_)) => StatusCode::BAD_REQUEST,
        Some(_) => StatusCode::CONFLICT,
    };
    let taken: Vec<Taken> =
        outcomes.iter().zip(&jobs).map(|(outcome, job)| taken(&project, outcome, job)).collect();
    Ok((status, Json(taken)).into_response())
}

/// Loads a message; else places in it and what is wrong there.
fn loaded(message: Value, project: &str) -> Result<LoadedJob, Vec<(String, String)>> {
    let job = job_of_message(message).map_err(|InvalidJob { violations, .. }| {
        let found = violations.as_slice().iter();
        found.map(|violation| (violation.pointer.clone(), violation.message.clone())).collect::<Vec<_>>()
    })?;
    if job.repository != project {
        let message = format!("is {:?}, but this is {project:?}", job.repository);
        return Err(vec![("/origin/project".to_owned(), message)]);
    }
    Ok(job)
}

fn taken(project: &str, outcome: &JobOutcome, job: &LoadedJob) -> Taken {
    let (status, detail) = match &outcome.status {
        JobStatus::Created => ("created", None),
        JobStatus::Updated => ("updated", None),
        JobStatus::Ignored => ("ignored", None),
        JobStatus::MissingPush => {
            ("missing-push", Some(format!("no push has the revision {:?}", job.revision)))
        }
        JobStatus::AmbiguousPush => {
            ("ambiguous-push", Some(format!("several pushes fit the revision {:?}", job.revision)))
        }
        JobStatus::UnknownRepository => ("unknown-project", None),
        JobStatus::InactiveRepository => ("inactive-project", None),
        JobStatus::Rejected(error) => ("rejected", Some(error.to_string())),
    };
    Taken {
        guid: outcome.guid.clone(),
        status,
        id: outcome.job_id,
        log: outcome.job_id.map(|id| format!("/api/project/{project}/jobs/{id}/log")),
        detail,
    }
}
