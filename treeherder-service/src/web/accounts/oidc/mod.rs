//! Id tokens of an `OpenID` Connect provider (§8.2).

mod claims;
mod code_flow;
mod id_tokens;
mod identity;
mod key_cache;

pub(super) use code_flow::{Attempt, CodeFlow, CodeFlowError};
pub(super) use id_tokens::{IdTokens, Provider};
