//! Logging in at the identity provider from our own pages.

use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite, SignedCookieJar};
use chrono::Utc;
use treeherder_ingest::store::accounts::SignIn;
use url::Url;

use super::Accounts;
use super::login::{LoggedIn, enter};
use super::oidc::{Attempt, CodeFlowError};
use crate::web::response::Refused;
use crate::web::site::addressed;

/// Name of the cookie with a login that was begun.
const ATTEMPT: &str = "login";
/// How long somebody may take at the provider.
const ATTEMPT_SECONDS: i64 = 15 * 60;
/// Where the provider sends people back to (§8.1).
const BACK: &str = "/login";

/// Begins a login: where to send the browser, and the cookie that it has to keep.
///
/// # Errors
/// 503 when the provider cannot be asked where that is.
pub(in crate::web) async fn go_to_provider(
    accounts: &Accounts,
    headers: &HeaderMap,
    next: &str,
) -> Result<(Url, SignedCookieJar), Refused> {
    let (url, attempt) =
        accounts.code_flow().begin(&back(headers), next).await.map_err(|error| unreachable_now(&error))?;
    let text = serde_json::to_string(&attempt)?;
    let jar = SignedCookieJar::new(accounts.cookie_key().clone());
    Ok((url, jar.add(kept(text, ATTEMPT_SECONDS, headers))))
}

/// Ends a login that was begun: the session's cookies, and the path to go on at.
///
/// # Errors
/// 403 when this browser has not begun it, or the provider's answer does not prove who it is; 503 when the provider cannot be asked.
pub(in crate::web) async fn came_back(
    accounts: &Accounts,
    headers: &HeaderMap,
    code: &str,
    state: &str,
) -> Result<(LoggedIn, CookieJar, String), Refused> {
    let jar = SignedCookieJar::from_headers(headers, accounts.cookie_key().clone());
    let cookie = jar.get(ATTEMPT);
    let attempt: Option<Attempt> = cookie.and_then(|cookie| serde_json::from_str(cookie.value()).ok());
    let attempt = attempt
        .filter(|attempt| attempt.state == state)
        .ok_or_else(|| Refused::forbidden("This login was not begun here, or too long ago."))?;
    let tokens = accounts
        .code_flow()
        .exchange(code, &back(headers), &attempt)
        .await
        .map_err(|error| not_exchanged(&error))?;
    let identity =
        accounts.id_tokens().identify_answer(&tokens.id_token, &tokens.access_token, &attempt.nonce).await?;
    let left = identity.expires.saturating_sub(Utc::now().timestamp());
    let seconds = tokens.expires_in.map_or(left, |seconds| seconds.min(left));
    if seconds <= 0 {
        return Err(Refused::forbidden("Session expiry time has already passed!"));
    }
    let person = SignIn { username: identity.username, email: identity.email, is_staff: identity.is_sheriff };
    let logged_in = enter(accounts, &person, seconds, headers).await?;
    Ok((logged_in, CookieJar::new().add(kept(String::new(), 0, headers)), attempt.next))
}

fn back(headers: &HeaderMap) -> String {
    format!("{}{BACK}", addressed(headers))
}

/// Tells a provider that does not take the code from one that cannot be asked.
fn not_exchanged(error: &CodeFlowError) -> Refused {
    match error {
        CodeFlowError::Http(http) if http.status().is_some_and(|status| (400..500).contains(&status)) => {
            tracing::warn!(%error, "the identity provider does not take a code");
            Refused::forbidden("The identity provider does not accept this login, please try again.")
        }
        _ => unreachable_now(error),
    }
}

fn unreachable_now(error: &impl std::fmt::Display) -> Refused {
    tracing::error!(%error, "cannot ask the identity provider");
    Refused::detail(
        StatusCode::SERVICE_UNAVAILABLE,
        "The identity provider cannot be reached, please try again later.",
    )
}

fn kept(value: String, seconds: i64, headers: &HeaderMap) -> Cookie<'static> {
    let mut cookie = Cookie::new(ATTEMPT, value);
    cookie.set_path(BACK);
    cookie.set_http_only(true);
    // The provider leads back here by a link of its own page: not stricter than this.
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(addressed(headers).starts_with("https:"));
    cookie.set_max_age(time::Duration::seconds(seconds));
    cookie
}
