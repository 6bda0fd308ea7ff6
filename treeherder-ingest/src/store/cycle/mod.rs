//! Removing what is too old, a bounded number of rows at a time (`spec/ingest.md` §7.6).

mod jobs;
mod performance;
mod unused;

pub use performance::OldData;
pub use unused::Unused;
