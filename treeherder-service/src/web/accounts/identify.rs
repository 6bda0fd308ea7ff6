//! Finding out who asks.

use axum::http::{HeaderMap, Method, header};
use treeherder_ingest::store::accounts::TokenUser;

use super::{Account, Accounts, csrf, keys};
use crate::web::response::Refused;

/// What was found out about a request, kept with it.
#[derive(Clone, Debug)]
pub(super) struct Identified(pub(super) Option<Account>);

/// Finds out who asks; `None` when the request comes with neither a token nor a session.
///
/// A token that does not count is refused, so that a script learns of it at once. A session that does not count is as
/// good as none: browsers go on to send its cookie.
pub(super) async fn identify(
    accounts: &Accounts,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Account>, Refused> {
    if let Some(token) = bearer_token(headers) {
        return match accounts.store().token_user(token).await? {
            TokenUser::Valid { user, is_sheriff } => {
                let mut account = Account::new(user);
                // A script may do what its token says, not what its person may.
                (account.is_staff, account.is_superuser) = (is_sheriff, false);
                Ok(Some(account))
            }
            TokenUser::Expired => Err(Refused::forbidden("The token has expired.")),
            TokenUser::Unknown => Err(Refused::forbidden("Invalid token.")),
        };
    }
    let Some(session) = accounts.session_key(headers) else { return Ok(None) };
    let Some(user) = accounts.store().session_user(&session).await? else { return Ok(None) };
    if !method.is_safe() {
        csrf::check(accounts, headers, &session)?;
    }
    Ok(Some(Account::new(user)))
}

/// Tells whether a request comes with the token of a script.
pub(super) fn has_token(headers: &HeaderMap) -> bool {
    bearer_token(headers).is_some()
}

/// Returns the token of a script; other credentials (an access token at login) are none of ours.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(keys::TOKEN_PREFIX)).then_some(token)
}
