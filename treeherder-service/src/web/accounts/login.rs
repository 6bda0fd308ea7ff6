//! `/api/auth/login/` (§8.1, §8.2).

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::SignedCookieJar;
use chrono::Utc;
use serde_json::Value;
use treeherder_ingest::store::accounts::SignIn;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Account, Accounts, user};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::response::Refused;

/// Makes the route of logging in.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(login))
}

/// What an answer to a login is made of.
pub(in crate::web) type LoggedIn = (SignedCookieJar, CookieJar, Json<Value>);

/// Begins a session for whom the id token names.
#[utoipa::path(
    get,
    path = "/api/auth/login/",
    tag = "accounts",
    params(
        ("Authorization" = String, Header, description = "Bearer and the access token"),
        ("Id-Token" = String, Header, description = "the id token, a JWT"),
        ("Access-Token-Expires-At" = i64, Header, description = "seconds since 1970"),
    ),
    responses((status = OK, body = Value), (status = FORBIDDEN, body = Value))
)]
async fn login(State(accounts): State<Accounts>, headers: HeaderMap) -> Result<LoggedIn, Refused> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let authorization = text(header::AUTHORIZATION.as_str())
        .ok_or_else(|| Refused::forbidden("Authorization header is expected"))?;
    let access_token = access_token(authorization)
        .ok_or_else(|| Refused::forbidden("Authorization header must be of form 'Bearer {token}'"))?;
    let id_token = text("id-token").ok_or_else(|| Refused::forbidden("Id-Token header is expected"))?;
    let identity = accounts.id_tokens().identify(id_token, access_token).await?;
    let expires_at = text("access-token-expires-at")
        .ok_or_else(|| Refused::forbidden("Access-Token-Expires-At header is expected"))?;
    let expires_at: i64 = expires_at
        .trim()
        .parse()
        .map_err(|_| Refused::forbidden("Access-Token-Expires-At header value is invalid"))?;
    let seconds = expires_at.min(identity.expires).saturating_sub(Utc::now().timestamp());
    if seconds <= 0 {
        return Err(Refused::forbidden("Session expiry time has already passed!"));
    }
    let person = SignIn { username: identity.username, email: identity.email, is_staff: identity.is_sheriff };
    enter(&accounts, &person, seconds, &headers).await
}

/// Makes or updates the account and begins its session.
pub(super) async fn enter(
    accounts: &Accounts,
    person: &SignIn,
    seconds: i64,
    headers: &HeaderMap,
) -> Result<LoggedIn, Refused> {
    let row = accounts.store().sign_in(person).await?;
    if !row.is_active {
        return Err(Refused::forbidden("This user has been disabled."));
    }
    let seconds = seconds.min(accounts.settings().max_session_seconds);
    let (session, csrf) = accounts.begin_session(row.id, seconds, headers).await?;
    tracing::info!(account = row.username, seconds, "logged in");
    Ok((session, csrf, Json(user::shown(&Account::new(row)))))
}

fn access_token(authorization: &str) -> Option<&str> {
    let mut words = authorization.split_ascii_whitespace();
    let (scheme, token) = (words.next()?, words.next()?);
    (scheme.eq_ignore_ascii_case("bearer") && words.next().is_none()).then_some(token)
}
