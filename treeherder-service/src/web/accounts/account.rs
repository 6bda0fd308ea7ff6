//! The arguments by which handlers say whom they answer.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use treeherder_ingest::store::entity::auth_user;

use super::Accounts;
use super::identify::{Identified, identify};
use crate::web::conventions::methods::anonymous;
use crate::web::conventions::note_asker;
use crate::web::response::Refused;

/// Somebody who is logged in: a person by a session, a script by a token.
///
/// As an argument of a handler it refuses everybody else with 403 (§1.2), and a request that changes something without
/// the proof against forgery when it comes with a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Account {
    /// Id of the account, for `user_id` columns.
    pub(in crate::web) id: i32,
    /// Name of the account, `mozilla-ldap/u@mozilla.com`.
    pub(in crate::web) username: String,
    /// Mail address; shown as `who`.
    pub(in crate::web) email: String,
    /// Whether it may do what sheriffs may; for a script what its token says.
    pub(in crate::web) is_staff: bool,
    /// Whether the person may do everything.
    pub(in crate::web) is_superuser: bool,
}

impl Account {
    /// Takes an account from its row.
    pub(super) fn new(user: auth_user::Model) -> Self {
        let auth_user::Model { id, username, email, is_staff, is_superuser, .. } = user;
        Self { id, username, email, is_staff, is_superuser }
    }

    /// Whether it may do what sheriffs may.
    pub(in crate::web) fn may_sheriff(&self) -> bool {
        self.is_staff || self.is_superuser
    }
}

/// Whoever asks: somebody who is logged in, or not.
#[derive(Clone, Debug)]
pub(in crate::web) struct MaybeAccount(pub(in crate::web) Option<Account>);

/// A sheriff; others who are logged in are refused with 403.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "for changing performance alerts, which nothing does yet")]
pub(in crate::web) struct Sheriff(pub(in crate::web) Account);

impl<S> FromRequestParts<S> for MaybeAccount
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        if let Some(Identified(account)) = parts.extensions.get() {
            return Ok(Self(account.clone()));
        }
        let account = identify(&Accounts::from_ref(state), &parts.method, &parts.headers).await?;
        if let Some(account) = &account {
            note_asker(&parts.extensions, account.id);
        }
        parts.extensions.insert(Identified(account.clone()));
        Ok(Self(account))
    }
}

impl<S> FromRequestParts<S> for Account
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let MaybeAccount(account) = MaybeAccount::from_request_parts(parts, state).await?;
        account.ok_or_else(anonymous)
    }
}

impl<S> FromRequestParts<S> for Sheriff
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let account = Account::from_request_parts(parts, state).await?;
        if account.may_sheriff() {
            Ok(Self(account))
        } else {
            Err(Refused::forbidden("You do not have permission to perform this action."))
        }
    }
}
