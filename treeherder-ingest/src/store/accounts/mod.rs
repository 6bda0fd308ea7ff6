//! Accounts: who signed in, their sessions, and the tokens of scripts (`spec/api.md` §8).
//!
//! Keys of sessions and tokens are never stored, only their [`key_hash`]: whoever reads the database cannot act in
//! anybody's name.

mod hash;
mod sessions;
mod tokens;
mod users;

pub use hash::key_hash;
pub use tokens::{ListedToken, NewToken, TokenUser};
pub use users::SignIn;
