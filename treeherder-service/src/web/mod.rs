//! Answers to HTTP requests (`spec/api.md`).
//!
//! [`api`] is the REST API, [`pages`] what people look at, [`monitor`] tells whether the service is well. Each folder makes a router of its own;
//! [`router`] puts them together and adds what all answers have in common ([`conventions`]). A front-end from a folder can
//! take the place of our own pages ([`static_files`]).

mod api;
mod conventions;
mod json;
mod monitor;
mod pages;
mod parameters;
mod response;
mod site;
mod special_files;
mod state;
mod static_files;

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::site::Site;
pub(crate) use self::state::AppState;
use conventions::methods::Methods;

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
        axum::serve(self.listener, router(state))
            .with_graceful_shutdown(stop.cancelled_owned())
            .await
            .context("the web server failed")
    }
}

/// Puts the routes together.
fn router(state: AppState) -> Router {
    let (api, document) =
        OpenApiRouter::with_openapi(api::schema::Api::openapi()).merge(api::router()).split_for_parts();
    let api = conventions::of_api(api.merge(api::schema::router(&document)), Methods::of(&document));
    let site = state.site.clone();
    let routes = Router::new().merge(api).merge(monitor::router());
    let routes = match site.static_dir() {
        Some(dir) => routes.fallback_service(static_files::router(dir)),
        None => routes.merge(pages::router()).merge(special_files::router()).fallback(response::nothing_here),
    };
    let routes = routes.layer(DefaultBodyLimit::max(conventions::limits::BODY)).with_state(state);
    conventions::of_all(routes, &site)
}
