//! `/api/auth/logout/` (§8.1).

use axum::extract::State;
use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use treeherder_ingest::store::StoreError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Accounts, cookies};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::response::Refused;
use crate::web::site::addressed;

/// Makes the routes of logging out.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(logout, logout_by_post))
}

/// Ends the session; existing pages ask with GET.
#[utoipa::path(get, path = "/api/auth/logout/", tag = "accounts", responses((status = OK, body = String)))]
async fn logout(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
) -> Result<(CookieJar, Json<&'static str>), Refused> {
    end(&accounts, &headers).await
}

/// Ends the session; needs the proof against forgery.
#[utoipa::path(post, path = "/api/auth/logout/", tag = "accounts", responses((status = OK, body = String)))]
async fn logout_by_post(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
) -> Result<(CookieJar, Json<&'static str>), Refused> {
    end(&accounts, &headers).await
}

async fn end(accounts: &Accounts, headers: &HeaderMap) -> Result<(CookieJar, Json<&'static str>), Refused> {
    Ok((end_session(accounts, headers).await?, Json("User logged out")))
}

/// Ends the session and returns what makes the browser forget it.
pub(in crate::web) async fn end_session(
    accounts: &Accounts,
    headers: &HeaderMap,
) -> Result<CookieJar, StoreError> {
    if let Some(session) = accounts.session_key(headers) {
        accounts.store().end_session(&session).await?;
    }
    Ok(cookies::forgotten(addressed(headers).starts_with("https:")))
}
