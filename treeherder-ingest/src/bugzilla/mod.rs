//! Bugzilla: filing bugs, commenting, and the local copy of its bugs (`spec/ingest.md` §7.1–7.2, `spec/api.md` §3.20).
//!
//! [`Bugzilla`] speaks to a server by its REST API. [`update_bugs`] brings the local copy up to date, which is what
//! suggestions are searched in; [`update_security_groups`] copies who may see security bugs.

mod client;
mod file_components;
mod options;
mod remote_bug;
mod reopen;
mod rounds;
mod security_groups;
mod update;

pub use client::{Bugzilla, BugzillaError};
pub use file_components::update_file_components;
pub use options::BugzillaOptions;
pub use security_groups::{SecurityGroupUpdate, update_security_groups};
pub use update::{BugUpdate, UpdateError, update_bugs};
