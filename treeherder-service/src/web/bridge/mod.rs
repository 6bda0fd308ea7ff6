//! What the bridge tells about itself: its exchange and messages, and what it could not publish
//! (`spec/bridge-l10n-platform.md` §1.7, §1.9).

mod errors;
mod references;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use treeherder_ingest::bridge::{Bridge, PRODUCTION_NAMESPACE};

/// What of the bridge is shown.
#[derive(Clone, Debug)]
pub(crate) struct BridgeView {
    /// Middle part of the names of its queue and exchange.
    pub(crate) namespace: String,
    /// The bridge, where it runs in this process.
    pub(crate) bridge: Option<Arc<Bridge>>,
}

impl Default for BridgeView {
    /// Only the references, as production publishes.
    fn default() -> Self {
        Self { namespace: PRODUCTION_NAMESPACE.to_owned(), bridge: None }
    }
}

/// Makes the routes: the references always, the errors where the bridge is.
pub(super) fn router<S: Clone + Send + Sync + 'static>(view: &BridgeView) -> Router<S> {
    let mut router = references::router(&view.namespace);
    if let Some(bridge) = &view.bridge {
        let errors = Router::new()
            .route("/bridge/errors", get(errors::errors))
            .route("/bridge/counters", get(errors::counters));
        router = router.merge(errors.with_state(Arc::clone(bridge)));
    }
    router
}
