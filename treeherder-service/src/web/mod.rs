//! Answers to HTTP requests (`spec/api.md`).
//!
//! [`api`] is the REST API, [`monitor`] tells whether the service is well. Each folder makes a router of its own;
//! [`router`] puts them together and adds what all answers have in common ([`response`]).

mod api;
mod bridge;
mod index;
mod monitor;
mod response;
mod state;

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::middleware::map_response;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::bridge::BridgeView;
pub(crate) use self::monitor::Health;
pub(crate) use self::state::AppState;

/// A bound address that answers as soon as it is served.
#[derive(Debug)]
pub(crate) struct WebServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl WebServer {
    /// Takes the address, so that a port in use is told before any work begins.
    pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let cannot = || format!("cannot listen at {address}");
        let listener = TcpListener::bind(address).await.with_context(cannot)?;
        let address = listener.local_addr().with_context(cannot)?;
        Ok(Self { listener, address })
    }

    /// Returns the URL for people.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers until `stop` is cancelled; answers under way are finished.
    pub(crate) async fn serve(self, state: AppState, stop: CancellationToken) -> anyhow::Result<()> {
        self.answer(router(state), stop).await
    }

    /// Answers for a process that is a bridge and has no database, until `stop` is cancelled.
    pub(crate) async fn serve_bridge(self, view: BridgeView, stop: CancellationToken) -> anyhow::Result<()> {
        self.answer(bridge_router(&view), stop).await
    }

    async fn answer(self, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, service)
            .with_graceful_shutdown(stop.cancelled_owned())
            .await
            .context("the web server failed")
    }
}

/// Puts the routes together.
fn router(state: AppState) -> Router {
    let (store, health) = (state.store.clone(), state.health.clone());
    let (api, _document) = OpenApiRouter::new().merge(api::router()).split_for_parts();
    let routes = Router::new()
        .route("/", get(index::home))
        .route("/api/", get(index::endpoints))
        .merge(api)
        .merge(monitor::router())
        .merge(bridge::router(&state.bridge))
        .fallback(response::nothing_here)
        .method_not_allowed_fallback(response::method_not_allowed)
        .layer(map_response(response::add_headers))
        .with_state(state);
    monitor::with_health(routes, store, health)
}

/// Puts the routes of a bridge's process together.
fn bridge_router(view: &BridgeView) -> Router {
    Router::new()
        .merge(monitor::process_router())
        .merge(bridge::router(view))
        .fallback(response::nothing_here)
        .method_not_allowed_fallback(response::method_not_allowed)
        .layer(map_response(response::add_headers))
}
