//! `POST /api/project/{project}/pushes/`: a push that nobody else tells us about.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::json;
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::store::Store;
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
    /// Its head: 40 hexadecimal digits.
    revision: String,
    /// Who pushed; a mail address at best.
    author: String,
    /// When, in seconds since 1970; now when absent.
    push_timestamp: Option<f64>,
    /// Its commits, oldest first; the head alone when absent.
    #[serde(default)]
    commits: Vec<Commit>,
}

/// A commit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubmittedCommit)]
struct Commit {
    /// 40 hexadecimal digits.
    revision: String,
    /// Who wrote it.
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

/// Stores a push, or changes what is known of it.
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
    let is_revision = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let revisions = push.commits.iter().map(|commit| &commit.revision).chain([&push.revision]);
    if let Some(bad) = revisions.into_iter().find(|revision| !is_revision(revision)) {
        return Err(Refused::field("revision", &format!("not 40 hexadecimal digits: {bad:?}")));
    }
    let loaded = loaded(push);
    live.pipeline.submit_push(repository.id, &loaded).await.map_err(|error| {
        if error.is_permanent() {
            Refused::new(StatusCode::BAD_REQUEST, json!({"detail": error.to_string()}))
        } else {
            error.into()
        }
    })?;
    Ok(Json(Stored { revision: loaded.revision }))
}

fn loaded(push: Push) -> LoadedPush {
    let Push { revision, author, push_timestamp, commits } = push;
    let mut revisions: Vec<Revision> = commits
        .into_iter()
        .map(|Commit { revision, author, message }| Revision { revision, author, comment: message })
        .collect();
    if revisions.is_empty() {
        revisions.push(Revision {
            revision: revision.clone(),
            author: author.clone(),
            comment: String::new(),
        });
    }
    let now = Utc::now().timestamp_millis() as f64 / 1000.0;
    LoadedPush { revision, push_timestamp: push_timestamp.unwrap_or(now), author, revisions, branch: None }
}
