//! A login for development and the demo: whoever asks is let in as whom they say.
//!
//! It exists only at a loopback address ([`AccountArgs::check`](super::AccountArgs::check)). Pages of other sites that
//! run in a browser on this machine are kept out by the host and the origin that the browser tells.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use treeherder_ingest::store::accounts::SignIn;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::{LoggedIn, enter};
use super::{Accounts, csrf};
use crate::web::AppState;
use crate::web::json_body::JsonBody;
use crate::web::response::Refused;

/// Where it is.
pub(super) const PATH: &str = "/api/auth/development-login/";

/// What the names of accounts that it makes begin with.
const PREFIX: &str = "development/";

/// Most characters of an address: names of accounts have 150.
const LONGEST_EMAIL: usize = 150 - PREFIX.len();

/// Makes the route of the development login.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(login))
}

/// As whom to log in.
#[derive(Debug, Deserialize, ToSchema)]
struct Wanted {
    /// Mail address.
    email: String,
    /// Whether to be a sheriff.
    #[serde(default)]
    is_sheriff: bool,
}

/// Begins a session for whom the body names.
#[utoipa::path(
    post,
    path = "/api/auth/development-login/",
    tag = "accounts",
    request_body = Wanted,
    responses(
        (status = OK, body = Value),
        (status = BAD_REQUEST, body = Value),
        (status = FORBIDDEN, body = Value)
    )
)]
async fn login(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<LoggedIn, Refused> {
    enter_as(&accounts, &wanted.email, wanted.is_sheriff, &headers).await
}

/// Lets somebody in as whom they say, if they are on this machine.
///
/// # Errors
/// 403 for others, for pages of other sites, and where this login is off; 400 for no address or one that cannot be kept.
pub(in crate::web) async fn enter_as(
    accounts: &Accounts,
    email: &str,
    is_sheriff: bool,
    headers: &HeaderMap,
) -> Result<LoggedIn, Refused> {
    if !accounts.development_login() {
        return Err(Refused::forbidden("The development login is off."));
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_this_machine(host) {
        return Err(Refused::forbidden("The development login answers this machine only."));
    }
    csrf::check_origin(accounts, headers)?;
    let email = checked(email.trim())?;
    let person =
        SignIn { username: format!("{PREFIX}{email}"), email: email.to_owned(), is_staff: Some(is_sheriff) };
    enter(accounts, &person, i64::MAX, headers).await
}

fn checked(email: &str) -> Result<&str, Refused> {
    if email.is_empty() {
        return Err(Refused::field("email", "This field may not be blank."));
    }
    if email.contains('\0') {
        return Err(Refused::field("email", "Null characters are not allowed."));
    }
    if email.chars().count() > LONGEST_EMAIL {
        let problem = format!("Ensure this field has no more than {LONGEST_EMAIL} characters.");
        return Err(Refused::field("email", &problem));
    }
    Ok(email)
}

/// Whether a `Host` header names the loopback address and not a name that somebody made point to it.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["localhost", "localhost:8000", "127.0.0.1:80", "[::1]:80", "[::1]", "127.0.0.2"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "evil.example", "evil.example:8000", "192.0.2.1", "localhost.evil.example"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
