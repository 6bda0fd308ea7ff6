//! What every handler can reach.

use std::sync::Arc;

use axum::extract::FromRef;
use treeherder_ingest::queue::Queue;
use treeherder_ingest::store::Store;

use super::bridge::BridgeView;
use super::monitor::Health;

/// The parts of the service that answers are made of; cheap to clone.
///
/// A handler names the part that it needs (`State<Store>`), not the whole.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    /// The database.
    pub(crate) store: Store,
    /// The queues.
    pub(crate) queue: Arc<dyn Queue>,
    /// What the endpoints for operators tell.
    pub(crate) health: Health,
    /// The bridge's documents, and its errors where it runs in this process.
    pub(crate) bridge: BridgeView,
}

impl FromRef<AppState> for Store {
    fn from_ref(state: &AppState) -> Self {
        state.store.clone()
    }
}
