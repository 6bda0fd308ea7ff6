//! Lines of a stored log for people who look at it, without loading the log.
//!
//! The log stays where it is: with whoever made it, or in the table of kept logs when it was submitted. Its index says
//! where to begin ([`LogIndex`](treeherder_logparse::LogIndex)); the part from there on is fetched with a range request,
//! inflated on the [`ParsePool`](super::ParsePool) and forgotten, except for a bounded number of compressed parts that were used last.
//!
//! The index of a large log is stored when the log is parsed. Where there is none, it is made at the first look.

mod cache;
mod error;
mod follow;
mod search;
mod source;
mod viewer;

pub use error::ViewError;
pub use follow::{Followed, LogFollower};
pub use search::{LogSearch, SearchedLog};
pub use viewer::{LogPage, LogViewer, ViewOptions};
