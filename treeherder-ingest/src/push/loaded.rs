//! The push as handed to storage (`spec/ingest.md` §3.6).

use serde::{Deserialize, Serialize};

/// What the push loader makes of one push message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadedPush {
    /// Head commit id.
    pub revision: String,
    /// Seconds since the epoch, with a fraction where GitHub gives one.
    pub push_timestamp: f64,
    /// Author of the push.
    pub author: String,
    /// Commits in source order, head last.
    pub revisions: Vec<Revision>,
    /// Branch, only set when a wildcard rule matched (§3.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// One commit of a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Commit id.
    pub revision: String,
    /// `Name <mail>`.
    pub author: String,
    /// Commit message.
    pub comment: String,
}
