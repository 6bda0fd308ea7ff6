//! Answers to HTTP requests (`spec/api.md`).
//!
//! [`api`] is the REST API, [`accounts`] finds out who asks, [`monitor`] tells whether the service is well. Each folder makes a router of its own;
//! [`router`] puts them together and adds what all answers have in common ([`response`]).

pub(crate) mod accounts;
mod api;
mod index;
mod json_body;
mod monitor;
mod response;
mod state;

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

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
        let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, service)
            .with_graceful_shutdown(stop.cancelled_owned())
            .await
            .context("the web server failed")
    }
}

/// Puts the routes together.
fn router(state: AppState) -> Router {
    let accounts = &state.accounts;
    let (api, _document) =
        OpenApiRouter::new().merge(api::router()).merge(accounts::router(accounts)).split_for_parts();
    let api = accounts::limit_writes(api, accounts);
    let guard = from_fn_with_state(accounts.clone(), accounts::guard);
    Router::new()
        .route("/", get(index::home))
        .route("/api/", get(index::endpoints))
        .merge(api)
        .merge(monitor::router())
        .fallback(response::nothing_here)
        .method_not_allowed_fallback(response::method_not_allowed)
        .layer(guard)
        .layer(map_response(response::add_headers))
        .with_state(state)
}
