//! What every handler can reach.

use axum::extract::FromRef;
use treeherder_ingest::store::Store;

use super::site::Site;

/// The parts of the service that answers are made of; cheap to clone.
///
/// A handler names the part that it needs (`State<Store>`), not the whole.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    /// The database.
    pub(crate) store: Store,
    /// What this site is called.
    pub(crate) site: Site,
}

impl FromRef<AppState> for Store {
    fn from_ref(state: &AppState) -> Self {
        state.store.clone()
    }
}
