//! Storing jobs (`spec/ingest.md` §4.9): a batch of job messages, in order, in one transaction.
//!
//! [`Store::store_jobs`](super::Store::store_jobs) goes through these stages:
//!
//! 1. `prepared`: defaults, truncation and column limits; a message that does not fit is rejected alone;
//! 2. `lookup`: repositories and pushes of the batch;
//! 3. `reference`: ids of everything jobs refer to, from memory where they are known;
//! 4. `plan`: the state rules, message by message, over the stored rows;
//! 5. `write` and `logs`: one row per job, its Taskcluster ids and its logs.

mod logs;
mod lookup;
mod outcome;
mod plan;
mod prepared;
mod reference;
mod store_jobs;
mod write;

pub use outcome::{JobOutcome, JobStatus, LogKind, StoredLog};
pub(super) use reference::ReferenceIds;
