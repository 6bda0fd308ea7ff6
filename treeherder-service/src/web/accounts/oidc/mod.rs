//! Id tokens of an `OpenID` Connect provider (§8.2).

mod claims;
mod id_tokens;
mod identity;
mod key_cache;

pub(super) use id_tokens::{IdTokens, Provider};
