//! Suggestions of bugs for failure lines (`spec/ingest.md` §6.5, `spec/api.md` §7.3).
//!
//! A failure line is cleaned of what differs from run to run ([`cleaned_line`]), a search term is cut out of it
//! ([`SearchTerms`]), and the summaries of all known bugs are searched for it in memory ([`BugIndex`]). How often a line was
//! seen lately is counted when its log is stored, by its [`counted_form`].

mod bug_index;
mod bug_search;
mod clean;
mod counted_form;
mod crash;
mod helpful;
mod pattern;
mod suggest;
mod term;
mod trigram;

pub use bug_index::{BugIndex, FoundBugs, IndexedBug};
pub use bug_search::BugSearch;
pub use clean::cleaned_line;
pub use counted_form::counted_form;
pub use crash::crash_signature;
pub use helpful::is_helpful;
pub use suggest::{SuggestedBug, Suggestion};
pub use term::SearchTerms;
