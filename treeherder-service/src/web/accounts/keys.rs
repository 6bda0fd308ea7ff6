//! Random keys: of sessions, of tokens, of the site.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What every token begins with, so that one that was published by mistake is found by a search.
pub(super) const TOKEN_PREFIX: &str = "th_";

/// Returns 256 random bits as text.
pub(super) fn random_key() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Returns a new token for a script.
pub(crate) fn new_token() -> String {
    format!("{TOKEN_PREFIX}{}", random_key())
}
