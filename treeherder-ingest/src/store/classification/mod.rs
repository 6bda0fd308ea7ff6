//! What people say about failed jobs: notes, bugs, tests that were looked at (`spec/api.md` §3.11–3.13, §3.18).
//!
//! A job's classification is that of its newest note. Whoever changes notes changes the job in the same transaction, and
//! its `last_modified`, by which other viewers learn of it.

mod bug_maps;
mod investigated;
mod job;
mod notes;
mod push_notes;
mod unclassify;

pub(super) use bug_maps::join_jobs_and_bugs;
pub use bug_maps::{BugMap, BugMapOutcome, BugRef, NewBugMap};
pub use investigated::{InvestigateOutcome, InvestigatedTest};
pub use job::ChangedJob;
pub use notes::{NewNote, Note};
pub use push_notes::PushNote;
