//! Bugs as they are known here: a copy of Bugzilla's, and issues of our own (`spec/api.md` §5.6, `spec/ingest.md` §7.1).
//!
//! Every statement that changes a summary or a resolution also changes [`Store::bugs_version`](crate::store::Store::bugs_version),
//! by which searches in memory learn that they are out of date.

mod fetched;
mod file_components;
mod issues;
mod reopen;
mod search;
mod security_groups;
mod settle;
mod version;

pub use fetched::FetchedBug;
pub use file_components::{FileComponent, FileComponentUpdate};
pub use issues::InternalIssue;
pub(super) use issues::ensure_bug;
pub use reopen::ReopenCandidate;
pub use search::SuggestedBug;
