//! `/api/user/` (§8.1).

use axum::extract::Path;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Account, MaybeAccount};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::response::Refused;

/// Makes the routes that tell who one is.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

/// Answers with an array: of whoever asks, or of nobody.
#[utoipa::path(get, path = "/api/user/", tag = "accounts", responses((status = OK, body = Value)))]
async fn list(MaybeAccount(account): MaybeAccount) -> Json<Value> {
    Json(account.iter().map(shown).collect())
}

/// Answers with whoever asks, under their own id only.
#[utoipa::path(
    get,
    path = "/api/user/{id}/",
    tag = "accounts",
    params(("id" = String, Path)),
    responses((status = OK, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn one(MaybeAccount(account): MaybeAccount, Path(id): Path<String>) -> Result<Json<Value>, Refused> {
    let Ok(id) = id.parse::<i32>() else { return Err(Refused::not_found("Not found.")) };
    let own = account.filter(|account| account.id == id);
    let own = own.ok_or_else(|| Refused::not_found("No User matches the given query."))?;
    Ok(Json(shown(&own)))
}

/// Writes an account as clients expect it.
pub(super) fn shown(account: &Account) -> Value {
    json!({
        "username": account.username,
        "is_superuser": account.is_superuser,
        "is_staff": account.is_staff,
        "email": account.email,
    })
}
