//! `/api/repository/` (§3.16).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::repository;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::response::Refused;

/// Makes the routes of repositories.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

/// Lists the active repositories by id.
#[utoipa::path(get, path = "/api/repository/", tag = "reference", responses((status = OK, body = Value)))]
async fn list(State(store): State<Store>) -> Result<Json<Value>, Refused> {
    Ok(Json(Value::Array(active(&store).await?.into_iter().map(|(_, shown)| shown).collect())))
}

/// Shows one active repository.
#[utoipa::path(
    get,
    path = "/api/repository/{id}/",
    tag = "reference",
    params(("id" = String, Path)),
    responses((status = OK, body = Value))
)]
async fn one(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<Value>, Refused> {
    let Ok(id) = id.parse::<i32>() else { return Err(Refused::not_found("Not found.")) };
    let found = active(&store).await?.into_iter().find(|(known, _)| *known == id);
    let (_, shown) = found.ok_or_else(|| Refused::not_found("No Repository matches the given query."))?;
    Ok(Json(shown))
}

async fn active(store: &Store) -> Result<Vec<(i32, Value)>, Refused> {
    let groups: HashMap<i32, Value> = store
        .repository_groups()
        .await?
        .into_iter()
        .map(|group| (group.id, json!({"name": group.name, "description": group.description})))
        .collect();
    let repositories = store.repositories().await?;
    let active = repositories.into_iter().filter(|repository| repository.active_status == "active");
    Ok(active.map(|repository| (repository.id, shown(&repository, &groups))).collect())
}

fn shown(repository: &repository::Model, groups: &HashMap<i32, Value>) -> Value {
    json!({
        "id": repository.id,
        "repository_group": groups.get(&repository.repository_group_id),
        "name": repository.name,
        "dvcs_type": repository.dvcs_type,
        "url": repository.url,
        "codebase": repository.codebase,
        "description": repository.description,
        "active_status": repository.active_status,
        "life_cycle_order": repository.life_cycle_order,
        "performance_alerts_enabled": repository.performance_alerts_enabled,
        "expire_performance_data": repository.expire_performance_data,
        "is_try_repo": repository.is_try_repo,
        "tc_root_url": repository.tc_root_url,
        "accepts_pull_requests": repository.accepts_pull_requests,
    })
}
