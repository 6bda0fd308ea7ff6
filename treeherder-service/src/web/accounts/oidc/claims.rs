//! What an id token says.

use serde::Deserialize;
use serde_json::Value;

/// The claims that are used; the library checks audience, issuer and time itself.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    /// Who it is, by the provider's own name, which tells by what they logged in.
    #[serde(default)]
    pub(super) sub: String,
    /// Mail address.
    #[serde(default)]
    pub(super) email: String,
    /// Seconds since 1970 at which the token ends.
    pub(super) exp: f64,
    /// Half of the hash of the access token that was issued with it.
    pub(super) at_hash: Option<String>,
    /// What the site sent along when it asked for a login.
    pub(super) nonce: Option<String>,
    /// Groups that the person is in; absent when tokens are renewed in silence.
    #[serde(rename = "https://sso.mozilla.com/claim/groups")]
    pub(super) groups: Option<Value>,
}
