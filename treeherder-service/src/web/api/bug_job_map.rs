//! Which bugs a job is an occurrence of (§3.13).

use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Value, json};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::classification::{BugMap, BugMapOutcome, BugRef, NewBugMap};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::notes::{PROGRAM, required};
use super::numbers::integer;
use crate::web::AppState;
use crate::web::accounts::Account;
use crate::web::json::{Json, Moment};
use crate::web::json_body::JsonBody;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the routes of bugs of jobs.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(one, delete))
}

/// A bug of a job.
#[derive(Debug, Serialize, ToSchema)]
struct ShownBugMap {
    /// Id of the job.
    job_id: i64,
    /// Number at Bugzilla; null for an internal issue.
    bug_id: Option<i32>,
    /// Id of the bug here.
    bug_internal_id: i64,
    /// When it was said.
    created: Moment,
    /// Mail address of who said so.
    who: String,
}

impl From<BugMap> for ShownBugMap {
    fn from(map: BugMap) -> Self {
        Self {
            job_id: map.job_id,
            bug_id: map.bugzilla_id,
            bug_internal_id: map.bug_internal_id,
            created: Moment(map.created),
            who: map.email.unwrap_or_else(|| PROGRAM.to_owned()),
        }
    }
}

/// Lists the bugs of jobs
///
/// In the order in which they were said.
#[utoipa::path(
    get,
    path = "/api/project/{project}/bug-job-map/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("job_id" = Vec<i64>, Query, description = "Ids of the jobs, the parameter repeated"),
    ),
    responses((status = OK, body = Vec<ShownBugMap>), (status = BAD_REQUEST, body = Value))
)]
async fn list(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<Vec<ShownBugMap>>, Refused> {
    let ids: Result<Vec<i64>, _> = parameters.all("job_id").map(|id| id.trim().parse()).collect();
    let ids = ids.map_err(|_| Refused::bad(json!({"message": "Valid job_id required"})))?;
    if ids.is_empty() {
        return Err(Refused::bad(json!({"message": "At least one job_id is required"})));
    }
    Ok(Json(store.bug_maps(&project, &ids).await?.into_iter().map(ShownBugMap::from).collect()))
}

/// Says that a job is an occurrence of a bug
///
/// The body needs `job_id`, `bug_open`, and `bug_id` (a number at Bugzilla) or `internal_id`.
#[utoipa::path(
    post,
    path = "/api/project/{project}/bug-job-map/",
    tag = "classification",
    params(("project" = String, Path, description = "Name of the repository")),
    request_body = Value,
    responses((status = OK, body = Value), (status = BAD_REQUEST, body = Value), (status = FORBIDDEN, body = Value))
)]
async fn create(
    State(store): State<Store>,
    account: Account,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<Value>, Refused> {
    let job_id = required(&body, "job_id")?;
    let bug = bug_of_body(&body)?;
    let bug_open = truth(body.get("bug_open"))?;
    let new = NewBugMap { job_id, bug, user_id: Some(account.id), bug_open };
    let message = match store.create_bug_map(&new, &account.email).await? {
        BugMapOutcome::NoJob => return Err(Refused::missing(format!("No job with id: {job_id}"))),
        BugMapOutcome::Skipped => "Bug job map skipped: mapping already exists",
        BugMapOutcome::Saved(_) => "Bug job map saved",
    };
    Ok(Json(json!({"message": message})))
}

/// Shows a bug of a job
///
/// The key is the id of the job, a dash and the number of the bug at Bugzilla.
#[utoipa::path(
    get,
    path = "/api/project/{project}/bug-job-map/{key}/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("key" = String, Path, description = "Job and bug: 4711-1900001"),
    ),
    responses((status = OK, body = ShownBugMap), (status = NOT_FOUND, body = Value))
)]
async fn one(
    State(store): State<Store>,
    Path((project, key)): Path<(String, String)>,
) -> Result<Json<ShownBugMap>, Refused> {
    let map = match read_key(&key) {
        Some((job_id, BugRef::Bugzilla(number))) => store.bug_map(&project, job_id, number).await?,
        _ => None,
    };
    Ok(Json(map.ok_or_else(|| Refused::missing("Object not found".to_owned()))?.into()))
}

/// Takes back that a job is an occurrence of a bug
///
/// The key is the id of the job, a dash and the number of the bug at Bugzilla, or `i` and its id here.
#[utoipa::path(
    delete,
    path = "/api/project/{project}/bug-job-map/{key}/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("key" = String, Path, description = "Job and bug: 4711-1900001 or 4711-i77"),
    ),
    responses((status = OK, body = Value), (status = FORBIDDEN, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn delete(
    State(store): State<Store>,
    account: Account,
    Path((project, key)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    let (job_id, bug) = read_key(&key).ok_or_else(|| Refused::missing("Object not found".to_owned()))?;
    let job = store.delete_bug_map(&project, job_id, bug, &account.email).await?;
    job.ok_or_else(|| Refused::missing(format!("No job with id: {job_id}")))?;
    Ok(Json(json!({"message": "Bug job map deleted"})))
}

fn read_key(key: &str) -> Option<(i64, BugRef)> {
    let (job, bug) = key.split_once('-')?;
    let bug = match bug.strip_prefix('i') {
        Some(id) => BugRef::Internal(id.parse().ok()?),
        None => BugRef::Bugzilla(bug.parse().ok()?),
    };
    Some((job.parse().ok()?, bug))
}

/// Reads which bug a body means: a number at Bugzilla wins, but zero and an empty text are none.
fn bug_of_body(body: &Value) -> Result<BugRef, Refused> {
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    if given("bug_id").is_none() && given("internal_id").is_none() {
        return Err(Refused::bad(json!("At least one of bug_id or internal_id is required")));
    }
    let not_integers = || Refused::bad(json!("bugzilla_id and internal_id must be integers"));
    let is_none =
        |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty()) || *value == json!(0);
    if let Some(value) = given("bug_id").filter(|value| !is_none(value)) {
        let number = integer(value).filter(|number| *number > 0).ok_or_else(not_integers)?;
        return i32::try_from(number).map(BugRef::Bugzilla).map_err(|_| not_integers());
    }
    let value = given("internal_id").ok_or_else(not_integers)?;
    integer(value).map(BugRef::Internal).ok_or_else(not_integers)
}

/// Reads whether the bug is open; the text "false", which some scripts send, means what it says.
fn truth(value: Option<&Value>) -> Result<bool, Refused> {
    match value {
        None => Err(Refused::field("bug_open", "This field is required.")),
        Some(Value::Bool(truth)) => Ok(*truth),
        Some(Value::Null) => Ok(false),
        Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
        Some(Value::String(text)) => Ok(!["", "false", "0"].contains(&text.trim().to_lowercase().as_str())),
        Some(_) => Err(Refused::field("bug_open", "Must be a valid boolean.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_job_and_bug() {
        assert_eq!(read_key("4711-1900001"), Some((4711, BugRef::Bugzilla(1_900_001))));
        assert_eq!(read_key("4711-i77"), Some((4711, BugRef::Internal(77))));
        for bad in ["", "4711", "4711-", "x-1", "4711-i", "4711-1-2", "1-99999999999"] {
            assert_eq!(read_key(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_number_at_bugzilla_wins() {
        for (body, expected) in [
            (json!({"bug_id": 5, "internal_id": 6}), Some(BugRef::Bugzilla(5))),
            (json!({"bug_id": "5"}), Some(BugRef::Bugzilla(5))),
            (json!({"bug_id": 0, "internal_id": 6}), Some(BugRef::Internal(6))),
            (json!({"bug_id": "", "internal_id": "6"}), Some(BugRef::Internal(6))),
            (json!({"bug_id": null, "internal_id": 6}), Some(BugRef::Internal(6))),
            (json!({"bug_id": [5]}), None),
            (json!({"bug_id": -5}), None),
            (json!({"bug_id": 0}), None),
            (json!({}), None),
        ] {
            assert_eq!(bug_of_body(&body).ok(), expected, "{body}");
        }
    }
}
