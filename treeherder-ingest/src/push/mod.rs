//! Pushes: Mercurial and GitHub messages, pushlog polling, branch rules (§3).

mod loaded;

pub use loaded::{LoadedPush, Revision};
