//! Answers to HTTP requests: the first endpoints of the API (`spec/api.md` §1, §3).

mod health;
mod index;
mod jobs;
mod repositories;
mod response;

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::middleware::map_response;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::store::Store;

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
    pub(crate) async fn serve(self, store: Store, stop: CancellationToken) -> anyhow::Result<()> {
        axum::serve(self.listener, router(store))
            .with_graceful_shutdown(stop.cancelled_owned())
            .await
            .context("the web server failed")
    }
}

/// Makes the routes; none of them redirects to another spelling (§1.6).
fn router(store: Store) -> Router {
    Router::new()
        .route("/", get(index::home))
        .route("/api/", get(index::endpoints))
        .route("/api/jobs/", get(jobs::feed))
        .route("/api/jobs/{id}/", get(jobs::one))
        .route("/api/project/{project}/jobs/{id}/text_log_errors/", get(jobs::text_log_errors))
        .route("/api/repository/", get(repositories::list))
        .route("/api/repository/{id}/", get(repositories::one))
        .route("/__heartbeat__", get(health::heartbeat))
        .route("/__lbheartbeat__", get(health::load_balancer))
        .fallback(response::nothing_here)
        .method_not_allowed_fallback(response::method_not_allowed)
        .layer(map_response(response::add_headers))
        .with_state(store)
}
