//! Tests of a push that somebody has looked at (§3.18).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::classification::{InvestigateOutcome, InvestigatedTest};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::accounts::Account;
use crate::web::json::Json;
use crate::web::json_body::JsonBody;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Longest name of a test.
const LONGEST: usize = 350;

/// Makes the routes of tests that were looked at.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(one, delete))
}

/// A test that somebody has looked at.
#[derive(Debug, Serialize, ToSchema)]
struct ShownTest {
    /// Id of the mark.
    id: i64,
    /// Name of the test.
    test: String,
    /// Name of the job's type.
    job_name: String,
    /// Symbol of the job's type.
    job_symbol: String,
}

impl From<InvestigatedTest> for ShownTest {
    fn from(test: InvestigatedTest) -> Self {
        let InvestigatedTest { id, test, job_name, job_symbol } = test;
        Self { id, test, job_name, job_symbol }
    }
}

/// Lists the tests of a push that somebody has looked at
#[utoipa::path(
    get,
    path = "/api/project/{project}/investigated-tests/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("revision" = String, Query, description = "Head of the push, all forty digits"),
    ),
    responses((status = OK, body = Vec<ShownTest>), (status = NOT_FOUND, body = Value))
)]
async fn list(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<Vec<ShownTest>>, Refused> {
    let revision = revision(&parameters)?;
    let tests = store.investigated_tests(&project, revision).await?.ok_or_else(|| no_push(revision))?;
    Ok(Json(tests.into_iter().map(ShownTest::from).collect()))
}

/// Marks a test of a push as looked at
///
/// The body needs `test`, `job_name` and `job_symbol`.
#[utoipa::path(
    post,
    path = "/api/project/{project}/investigated-tests/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("revision" = String, Query, description = "Head of the push, all forty digits"),
    ),
    request_body = Value,
    responses((status = CREATED, body = ShownTest), (status = FORBIDDEN, body = Value))
)]
async fn create(
    State(store): State<Store>,
    _account: Account,
    Path(project): Path<String>,
    parameters: Parameters,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, Refused> {
    let revision = revision(&parameters)?;
    let (test, job_name, job_symbol) =
        (text(&body, "test")?, text(&body, "job_name")?, text(&body, "job_symbol")?);
    if test.chars().count() > LONGEST {
        let problem = format!("Ensure this field has no more than {LONGEST} characters.");
        return Err(Refused::field("test", &problem));
    }
    match store.mark_investigated(&project, revision, test, job_name, job_symbol).await? {
        InvestigateOutcome::Marked(test) => {
            Ok((StatusCode::CREATED, Json(ShownTest::from(test))).into_response())
        }
        InvestigateOutcome::Already => {
            Err(Refused::bad(json!(format!("{test} already marked investigated"))))
        }
        InvestigateOutcome::NoPush => Err(no_push(revision)),
        InvestigateOutcome::NoJobType => {
            Err(Refused::missing(format!("No JobType with job name: {job_name}")))
        }
    }
}

/// Shows a mark
#[utoipa::path(
    get,
    path = "/api/project/{project}/investigated-tests/{id}/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the mark"),
    ),
    responses((status = OK, body = ShownTest), (status = NOT_FOUND, body = Value))
)]
async fn one(
    State(store): State<Store>,
    Path((_project, id)): Path<(String, String)>,
) -> Result<Json<ShownTest>, Refused> {
    let test = match id.parse() {
        Ok(id) => store.investigated_test(id).await?,
        Err(_) => return Err(Refused::not_found("Not found.")),
    };
    let test = test.ok_or_else(|| Refused::not_found("No InvestigatedTests matches the given query."))?;
    Ok(Json(test.into()))
}

/// Takes a mark back
#[utoipa::path(
    delete,
    path = "/api/project/{project}/investigated-tests/{id}/",
    tag = "classification",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the mark"),
    ),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn delete(
    State(store): State<Store>,
    _account: Account,
    Path((_project, id)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let was_marked = match id.parse() {
        Ok(id) => store.unmark_investigated(id).await?,
        Err(_) => false,
    };
    if was_marked {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused::missing("Test already uninvestigated".to_owned()))
    }
}

fn revision(parameters: &Parameters) -> Result<&str, Refused> {
    let missing = || Refused::invalid("The revision parameter is mandatory for this endpoint");
    parameters.text("revision").ok_or_else(missing)
}

fn no_push(revision: &str) -> Refused {
    Refused::missing(format!("No push with revision: {revision}"))
}

/// Reads a text that the body must have.
pub(super) fn text<'body>(body: &'body Value, name: &str) -> Result<&'body str, Refused> {
    match body.get(name) {
        None => Err(Refused::field(name, "This field is required.")),
        Some(Value::Null) => Err(Refused::field(name, "This field may not be null.")),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(Refused::field(name, "This field may not be blank."))
        }
        Some(Value::String(text)) if text.contains('\0') => {
            Err(Refused::field(name, "Null characters are not allowed."))
        }
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Refused::field(name, "Not a valid string.")),
    }
}
