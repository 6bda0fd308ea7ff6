//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use treeherder_ingest::bugzilla::Bugzilla;
use treeherder_ingest::queue::Queue;
use treeherder_ingest::store::Store;
use treeherder_ingest::suggestions::BugSearch;

use super::accounts::Accounts;
use super::site::Site;

use super::bridge::BridgeView;
use super::monitor::Health;
use super::{Limits, Live};

/// The parts of the service that answers are made of. Routes clone it with each request, so all of it is behind one pointer.
///
/// A handler names the part that it needs (`State<Store>`), not the whole.
#[derive(Clone, Debug)]
pub(crate) struct AppState(Arc<Parts>);

impl AppState {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What [`AppState`] holds.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The database.
    pub(crate) store: Store,
    /// The queues.
    pub(crate) queue: Arc<dyn Queue>,
    /// What the endpoints for operators tell.
    pub(crate) health: Health,
    /// Who asks, and how one logs in.
    pub(crate) accounts: Accounts,
    /// What suggestions are searched in.
    pub(crate) bug_search: BugSearch,
    /// Where bugs are filed.
    pub(crate) bugzilla: Bugzilla,
    /// What this site is called.
    pub(crate) site: Site,
    /// The bridge's documents, and its errors where it runs in this process.
    pub(crate) bridge: BridgeView,
    /// What changes while somebody looks.
    pub(crate) live: Live,
    /// How long requests may take.
    pub(crate) limits: Limits,
}

impl FromRef<AppState> for Store {
    fn from_ref(state: &AppState) -> Self {
        state.store.clone()
    }
}

impl FromRef<AppState> for Accounts {
    fn from_ref(state: &AppState) -> Self {
        state.accounts.clone()
    }
}

impl FromRef<AppState> for BugSearch {
    fn from_ref(state: &AppState) -> Self {
        state.bug_search.clone()
    }
}

impl FromRef<AppState> for Bugzilla {
    fn from_ref(state: &AppState) -> Self {
        state.bugzilla.clone()
    }
}
