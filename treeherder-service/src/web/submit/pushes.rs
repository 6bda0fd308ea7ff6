//! `POST /api/project/{project}/pushes/`: a push that nobody else tells us about.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use treeherder_ingest::push::Revision;
use treeherder_ingest::store::{Store, StoreError, SubmittedPush};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Submitter, check_project};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::json_body::JsonBody;
use crate::web::live::Live;
use crate::web::response::Refused;

/// Most commits of one push.
const MOST_COMMITS: usize = 1000;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(submit))
}

/// A push.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubmittedPush)]
struct Push {
    /// Its head: 40 hexadecimal digits, kept in small letters.
    revision: String,
    /// Who pushed; a mail address at best. 150 characters are kept.
    author: String,
    /// When, in seconds since 1970. When absent, a push that is known keeps its time, and another one gets the time at which
    /// it came.
    push_timestamp: Option<f64>,
    /// Its commits, oldest first. When absent, a push that is known keeps those that it has, and another one gets the head
    /// alone.
    #[serde(default)]
    commits: Vec<Commit>,
}

/// A commit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubmittedCommit)]
struct Commit {
    /// 40 hexadecimal digits, kept in small letters.
    revision: String,
    /// Who wrote it. 150 characters are kept.
    author: String,
    /// What it says.
    message: String,
}

/// A push that is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredPush)]
struct Stored {
    /// Its head.
    revision: String,
}

/// Stores a push, or changes of what is known of it what the body tells.
#[utoipa::path(
    post,
    path = "/api/project/{project}/pushes/",
    tag = "submission",
    params(("project" = String, Path)),
    request_body = Push,
    responses(
        (status = OK, body = Stored),
        (status = BAD_REQUEST, description = "A value is missing or does not fit"),
        (status = FORBIDDEN, description = "No token"),
        (status = NOT_FOUND, description = "No such active project")
    )
)]
async fn submit(
    _: Submitter,
    State(store): State<Store>,
    State(live): State<Live>,
    Path(project): Path<String>,
    JsonBody(push): JsonBody<Push>,
) -> Result<Json<Stored>, Refused> {
    check_project(&live, &project)?;
    let repository = store.repository_by_name(&project).await?;
    let active = repository.filter(|repository| repository.active_status == "active");
    let repository =
        active.ok_or_else(|| Refused::not_found(&format!("No active project with name {project}")))?;
    if push.commits.len() > MOST_COMMITS {
        return Err(Refused::field("commits", &format!("at most {MOST_COMMITS}")));
    }
    let submitted = submitted(push)?;
    live.pipeline.submit_push(repository.id, &submitted).await.map_err(not_stored)?;
    Ok(Json(Stored { revision: submitted.revision }))
}

fn submitted(push: Push) -> Result<SubmittedPush, Refused> {
    let Push { revision, author, push_timestamp, commits } = push;
    let commit = |Commit { revision, author, message }| {
        Ok(Revision { revision: checked_revision(revision)?, author, comment: message })
    };
    Ok(SubmittedPush {
        revision: checked_revision(revision)?,
        author,
        push_timestamp,
        commits: commits.into_iter().map(commit).collect::<Result<_, Refused>>()?,
    })
}

/// Checks a revision and returns it in small letters, as messages of jobs name it.
fn checked_revision(mut revision: String) -> Result<String, Refused> {
    if revision.len() != 40 || !revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refused::field("revision", &format!("not 40 hexadecimal digits: {revision:?}")));
    }
    revision.make_ascii_lowercase();
    Ok(revision)
}

fn not_stored(error: StoreError) -> Refused {
    match &error {
        StoreError::Data(error) => {
            let (field, problem) = SubmittedPush::place_of(error);
            Refused::field(field, &problem)
        }
        _ if error.is_permanent() => {
            Refused::new(StatusCode::BAD_REQUEST, json!({"detail": error.to_string()}))
        }
        _ => error.into(),
    }
}
