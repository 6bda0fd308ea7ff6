//! Notes: who classified a job as what, and why (§3.11).

use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Value, json};
use treeherder_ingest::store::classification::{NewNote, Note, PushNote};
use treeherder_ingest::store::{Store, StoreError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::jobs::duration_of;
use super::numbers::integer;
use crate::web::AppState;
use crate::web::accounts::Account;
use crate::web::json::{Json, Moment};
use crate::web::json_body::JsonBody;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// What stands for the author of a note that a program wrote.
pub(super) const PROGRAM: &str = "autoclassifier";

/// Makes the routes of notes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(push_notes))
        .routes(routes!(one, delete))
}

/// A note.
#[derive(Debug, Serialize, ToSchema)]
struct ShownNote {
    /// Id of the note.
    id: i64,
    /// Id of the job.
    job_id: i64,
    /// Id of the classification.
    failure_classification_id: i32,
    /// When it was written.
    created: Moment,
    /// Mail address of the author.
    who: String,
    /// What the author has to say.
    text: String,
}

impl From<Note> for ShownNote {
    fn from(note: Note) -> Self {
        Self {
            id: note.id,
            job_id: note.job_id,
            failure_classification_id: note.failure_classification_id,
            created: Moment(note.created),
            who: note.email.unwrap_or_else(|| PROGRAM.to_owned()),
            text: note.text,
        }
    }
}

/// Lists the notes of a job
///
/// By ascending id.
#[utoipa::path(
    get,
    path = "/api/project/{project}/note/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("job_id" = i64, Query, description = "Id of the job"),
    ),
    responses((status = OK, body = Vec<ShownNote>), (status = BAD_REQUEST, body = Value))
)]
async fn list(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<Vec<ShownNote>>, Refused> {
    let id = parameters
        .text("job_id")
        .ok_or_else(|| Refused::invalid("The job_id parameter is mandatory for this endpoint"))?;
    let id = id.trim().parse().map_err(|_| Refused::invalid("The job_id parameter must be an integer"))?;
    Ok(Json(store.notes(&project, id).await?.into_iter().map(ShownNote::from).collect()))
}

/// Shows a note
#[utoipa::path(
    get,
    path = "/api/project/{project}/note/{id}/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the note"),
    ),
    responses((status = OK, body = ShownNote), (status = NOT_FOUND, body = Value))
)]
async fn one(
    State(store): State<Store>,
    Path((_project, id)): Path<(String, String)>,
) -> Result<Json<ShownNote>, Refused> {
    let note = match id.parse() {
        Ok(number) => store.note(number).await?,
        Err(_) => None,
    };
    Ok(Json(note.ok_or_else(|| no_note(&id))?.into()))
}

/// Classifies a job
///
/// The body needs `job_id` and `failure_classification_id`; `text` may say why.
#[utoipa::path(
    post,
    path = "/api/project/{project}/note/",
    tag = "classification",
    params(("project" = String, Path, description = "Name of the repository")),
    request_body = Value,
    responses((status = OK, body = Value), (status = FORBIDDEN, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn create(
    State(store): State<Store>,
    account: Account,
    Path(project): Path<String>,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<Value>, Refused> {
    let job_id = required(&body, "job_id")?;
    let classification = required(&body, "failure_classification_id")?;
    let text = match body.get("text") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.contains('\0') => {
            return Err(Refused::field("text", "Null characters are not allowed."));
        }
        Some(Value::String(text)) => text.clone(),
        Some(_) => return Err(Refused::field("text", "Not a valid string.")),
    };
    let unknown = || {
        let problem = format!("Invalid pk \"{classification}\" - object does not exist.");
        Refused::field("failure_classification_id", &problem)
    };
    let note = NewNote {
        job_id,
        failure_classification_id: i32::try_from(classification).map_err(|_| unknown())?,
        user_id: Some(account.id),
        text,
    };
    let job = match store.create_note(&project, &note, &account.email).await {
        Ok(job) => job,
        Err(StoreError::NotFound { .. }) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    job.ok_or_else(|| Refused::missing(format!("No job with id: {job_id}")))?;
    Ok(Json(json!({"message": format!("note stored for job {job_id}")})))
}

/// Deletes a note
#[utoipa::path(
    delete,
    path = "/api/project/{project}/note/{id}/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the note"),
    ),
    responses((status = OK, body = Value), (status = FORBIDDEN, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn delete(
    State(store): State<Store>,
    account: Account,
    Path((_project, id)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    let job = match id.parse() {
        Ok(number) => store.delete_note(number, &account.email).await?,
        Err(_) => None,
    };
    job.ok_or_else(|| no_note(&id))?;
    Ok(Json(json!({"message": "Note deleted"})))
}

/// A note of a push.
#[derive(Debug, Serialize, ToSchema)]
struct ShownPushNote {
    /// Id of the note.
    id: i64,
    /// Its job.
    job: NotedJob,
    /// Name of the classification.
    failure_classification_name: String,
    /// When it was written.
    created: Moment,
    /// Mail address of the author.
    who: String,
    /// What the author has to say.
    text: String,
}

/// What one wants to know of the job of a note.
#[derive(Debug, Serialize, ToSchema)]
struct NotedJob {
    /// Slug of the task, if it is one.
    task_id: Option<String>,
    /// Name of the job's type.
    job_type_name: String,
    /// Result.
    result: String,
    /// Minutes.
    duration: i64,
}

impl From<PushNote> for ShownPushNote {
    fn from(note: PushNote) -> Self {
        let duration = duration_of(note.submit_time, note.start_time, note.end_time, chrono::Utc::now());
        Self {
            id: note.id,
            job: NotedJob {
                task_id: note.task_id,
                job_type_name: note.job_type_name,
                result: note.result,
                duration,
            },
            failure_classification_name: note.classification,
            created: Moment(note.created),
            who: note.email.unwrap_or_else(|| PROGRAM.to_owned()),
            text: note.text,
        }
    }
}

/// Lists the notes of a push
///
/// By ascending id.
#[utoipa::path(
    get,
    path = "/api/project/{project}/note/push_notes/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("revision" = String, Query, description = "Head of the push, all forty digits"),
    ),
    responses((status = OK, body = Vec<ShownPushNote>), (status = NOT_FOUND, body = Value))
)]
async fn push_notes(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<Vec<ShownPushNote>>, Refused> {
    let revision = parameters
        .text("revision")
        .ok_or_else(|| Refused::invalid("The revision parameter is mandatory for this endpoint"))?;
    let notes = store.push_notes(&project, revision).await?;
    let notes = notes.ok_or_else(|| Refused::missing(format!("No push with revision: {revision}")))?;
    Ok(Json(notes.into_iter().map(ShownPushNote::from).collect()))
}

fn no_note(id: &str) -> Refused {
    Refused::missing(format!("No note with id: {id}"))
}

/// Reads a number that the body must have.
pub(super) fn required(body: &Value, name: &str) -> Result<i64, Refused> {
    match body.get(name) {
        None => Err(Refused::field(name, "This field is required.")),
        Some(Value::Null) => Err(Refused::field(name, "This field may not be null.")),
        Some(value) => integer(value).ok_or_else(|| Refused::field(name, "A valid integer is required.")),
    }
}
