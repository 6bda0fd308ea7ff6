//! How a bridge reads routes and writes messages.

use super::route::RouteForms;

/// First words of routes for the production and the staging instance of Treeherder.
pub const DESTINATIONS: [&str; 2] = ["tc-treeherder", "tc-treeherder-staging"];

/// The name that made Treeherder offer its log viewer.
pub const CLASSIC_LOG_NAME: &str = "builds-4h";

/// The name that makes today's Treeherder parse a log.
pub const MODERN_LOG_NAME: &str = "live_backing_log";

/// How a bridge reads routes and writes messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeOptions {
    /// First words of the routes that are for this bridge; each is served as if by a bridge of its own.
    pub prefixes: Vec<String>,
    /// Which forms of routes are read.
    pub route_forms: RouteForms,
    /// Whether routes of three words give `origin.revision_hash`, as in April 2017.
    pub legacy_revision_hash: bool,
    /// Name of the log that every run has.
    pub log_name: String,
}

impl BridgeOptions {
    /// Serves these prefixes, with the defaults of the specification for everything else.
    pub fn new(prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            prefixes: prefixes.into_iter().map(Into::into).collect(),
            route_forms: RouteForms::All,
            legacy_revision_hash: false,
            log_name: CLASSIC_LOG_NAME.to_owned(),
        }
    }
}
