//! What changed in the projects that measurements depend on (§3.22).

use axum::extract::State;
use chrono::{TimeDelta, Utc};
use serde::Serialize;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::changelog::Change;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::{Json, Moment};
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// So far back changes are shown when no start is named.
const USUAL: TimeDelta = TimeDelta::days(15);

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(changelog))
}

/// A change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
struct ShownChange {
    /// Id.
    id: i32,
    /// Commit id, or id of a release.
    remote_id: String,
    /// When it was made.
    date: Moment,
    /// Who made it.
    author: String,
    /// First line of what it says.
    message: String,
    /// The rest.
    description: String,
    /// Whose the project is.
    owner: String,
    /// Name of the project.
    project: String,
    /// Where the project is, for people.
    project_url: String,
    /// `commit` or `release`.
    r#type: String,
    /// Where the change is, for people.
    url: String,
    /// Files that it changes.
    files: Vec<String>,
}

impl From<Change> for ShownChange {
    fn from(Change { entry, files }: Change) -> Self {
        Self {
            id: entry.id,
            remote_id: entry.remote_id,
            date: Moment(entry.date),
            author: entry.author,
            message: entry.message,
            description: entry.description,
            owner: entry.owner,
            project: entry.project,
            project_url: entry.project_url,
            r#type: entry.r#type,
            url: entry.url,
            files,
        }
    }
}

/// Lists what changed in the projects that measurements depend on
///
/// The oldest first.
#[utoipa::path(
    get,
    path = "/api/changelog/",
    tag = "performance",
    params(
        ("startdate" = Option<String>, Query, description = "A day or a time in UTC; 15 days ago unless told otherwise"),
        ("enddate" = Option<String>, Query, description = "A day or a time in UTC"),
    ),
    responses((status = OK, body = Vec<ShownChange>), (status = BAD_REQUEST, body = Value))
)]
async fn changelog(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Vec<ShownChange>>, Refused> {
    let from = parameters.moment("startdate")?.unwrap_or_else(|| Utc::now() - USUAL);
    let to = parameters.moment("enddate")?;
    Ok(Json(store.changes(from, to).await?.into_iter().map(ShownChange::from).collect()))
}
