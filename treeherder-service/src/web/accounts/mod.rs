//! Who asks: sessions of people, tokens of scripts, and what each may do (`spec/api.md` §8, `docs/ACCOUNTS.md`).
//!
//! A handler says whom it answers by an argument: [`MaybeAccount`] anybody, [`Account`] whoever is logged in,
//! [`Sheriff`] staff. Requests that change something are checked before they are routed ([`mod@guard`]), so that a handler
//! that forgets its argument is closed to strangers all the same.

mod account;
mod cookies;
mod csrf;
mod development;
mod guard;
mod identify;
mod keys;
mod login;
mod logout;
mod oidc;
mod provider;
mod rate_limit;
mod secret;
mod service;
mod settings;
mod user;

use utoipa_axum::router::OpenApiRouter;

#[allow(unused_imports, reason = "`Sheriff` is for changing performance alerts, which nothing does yet")]
pub(in crate::web) use self::account::{Account, MaybeAccount, Sheriff};
pub(in crate::web) use self::development::enter_as;
pub(super) use self::guard::{check_token, guard};
pub(crate) use self::keys::new_token;
pub(in crate::web) use self::logout::end_session;
pub(in crate::web) use self::provider::{came_back, go_to_provider};
pub(super) use self::rate_limit::{limit_sign_in, limit_writes};
pub(crate) use self::service::Accounts;
pub(crate) use self::settings::AccountArgs;

use super::state::AppState;

/// Makes the routes of logging in and out.
pub(super) fn router(accounts: &Accounts) -> OpenApiRouter<AppState> {
    let mut logins = OpenApiRouter::new().merge(login::router());
    if accounts.development_login() {
        logins = logins.merge(development::router());
    }
    rate_limit::limit_logins(logins, accounts).merge(logout::router()).merge(user::router())
}
