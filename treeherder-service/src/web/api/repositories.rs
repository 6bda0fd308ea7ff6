//! `/api/repository/` (§3.16).

use std::collections::HashMap;

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::{repository, repository_group};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::response::Refused;

/// Makes the routes of repositories.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

/// A repository.
#[derive(Debug, Serialize, ToSchema)]
struct Repository {
    /// Id.
    id: i32,
    /// Group that it is shown in.
    repository_group: RepositoryGroup,
    /// Name, which stands for the project in URLs.
    name: String,
    /// `hg` or `git`.
    dvcs_type: String,
    /// Where it is.
    url: String,
    /// What it holds: `gecko`, `comm`, ….
    codebase: String,
    /// Description.
    description: String,
    /// Always `active`.
    active_status: String,
    /// Place in the order of releases.
    life_cycle_order: Option<i32>,
    /// Whether changes of its performance data raise alerts.
    performance_alerts_enabled: bool,
    /// Whether its performance data is deleted after a time.
    expire_performance_data: bool,
    /// Whether pushes to it are trials.
    is_try_repo: bool,
    /// Root URL of the Taskcluster deployment that runs its tasks.
    tc_root_url: String,
    /// Whether it has pull requests.
    accepts_pull_requests: bool,
}

/// A group of repositories.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
struct RepositoryGroup {
    /// Name.
    name: String,
    /// Description.
    description: String,
}

/// Lists the active repositories
///
/// By ascending id.
#[utoipa::path(get, path = "/api/repository/", tag = "reference", responses((status = OK, body = Vec<Repository>)))]
async fn list(State(store): State<Store>) -> Result<Json<Vec<Repository>>, Refused> {
    Ok(Json(active(&store).await?))
}

/// Shows an active repository
#[utoipa::path(
    get,
    path = "/api/repository/{id}/",
    tag = "reference",
    params(("id" = i32, Path, description = "Id of the repository")),
    responses((status = OK, body = Repository), (status = NOT_FOUND, body = Value))
)]
async fn one(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<Repository>, Refused> {
    let Ok(id) = id.parse::<i32>() else { return Err(Refused::not_found("Not found.")) };
    let found = active(&store).await?.into_iter().find(|repository| repository.id == id);
    found.map(Json).ok_or_else(|| Refused::not_found("No Repository matches the given query."))
}

async fn active(store: &Store) -> Result<Vec<Repository>, Refused> {
    let groups: HashMap<i32, RepositoryGroup> = store
        .repository_groups()
        .await?
        .into_iter()
        .map(|repository_group::Model { id, name, description }| (id, RepositoryGroup { name, description }))
        .collect();
    let active = store.repositories().await?.into_iter().filter(|row| row.active_status == "active");
    let shown = |row: repository::Model| Repository {
        repository_group: groups.get(&row.repository_group_id).cloned().unwrap_or_default(),
        id: row.id,
        name: row.name,
        dvcs_type: row.dvcs_type,
        url: row.url,
        codebase: row.codebase,
        description: row.description,
        active_status: row.active_status,
        life_cycle_order: row.life_cycle_order,
        performance_alerts_enabled: row.performance_alerts_enabled,
        expire_performance_data: row.expire_performance_data,
        is_try_repo: row.is_try_repo,
        tc_root_url: row.tc_root_url,
        accepts_pull_requests: row.accepts_pull_requests,
    };
    Ok(active.map(shown).collect())
}
