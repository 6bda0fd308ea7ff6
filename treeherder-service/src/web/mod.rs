//! Answers to HTTP requests (`spec/api.md`).
//!
//! [`api`] is the REST API, [`pages`] what people look at, [`accounts`] finds out who asks, [`live`] has what changes while somebody looks, [`logs`]
//! the lines of logs, [`submit`] takes what others send, [`monitor`] tells whether the service is well. Each folder makes
//! a router of its own; [`router`] puts them together and adds what all answers have in common ([`conventions`]). A front-end
//! from a folder can take the place of our own pages ([`static_files`]).

pub(crate) mod accounts;
mod api;
mod bridge;
mod conventions;
mod docs;
mod json;
mod json_body;
mod live;
mod logs;
mod monitor;
mod pages;
mod parameters;
mod response;
mod site;
mod special_files;
mod state;
mod static_files;
mod submit;

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::bridge::BridgeView;
pub(crate) use self::conventions::Limits;
use self::conventions::TimeLeft;
pub(crate) use self::live::Live;
pub(crate) use self::monitor::Health;
pub(crate) use self::site::Site;
pub(crate) use self::state::{AppState, Parts};
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

    /// Answers until `stop` is cancelled; answers under way are finished, unless that takes too long.
    pub(crate) async fn serve(self, state: AppState, stop: CancellationToken) -> anyhow::Result<()> {
        let limits = state.limits.clone();
        self.answer(router(state), &limits, stop).await
    }

    /// Answers for a process that is a bridge and has no database, until `stop` is cancelled.
    pub(crate) async fn serve_bridge(self, view: BridgeView, stop: CancellationToken) -> anyhow::Result<()> {
        self.answer(bridge_router(&view), &Limits::default(), stop).await
    }

    async fn answer(self, router: Router, limits: &Limits, stop: CancellationToken) -> anyhow::Result<()> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served =
            axum::serve(self.listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
        // The server waits for every connection, also for one whose client neither reads nor asks to the end.
        let waited_enough = async {
            stop.cancelled().await;
            limits.let_end().await;
        };
        tokio::select! {
            ended = served.into_future() => ended.context("the web server failed"),
            () = waited_enough => Ok(()),
        }
    }
}

/// Puts the routes together.
fn router(state: AppState) -> Router {
    let (store, health) = (state.store.clone(), state.health.clone());
    let accounts = &state.accounts;
    let (api, mut document) = OpenApiRouter::with_openapi(api::schema::Api::openapi())
        .merge(api::router())
        .merge(accounts::router(accounts))
        .merge(live::counts())
        .merge(logs::router())
        .merge(submit::router())
        .split_for_parts();
    // Event streams and Socket.IO have conventions of their own.
    let (streams, described) = live::router(&state.live).split_for_parts();
    document.merge(described);
    let api = conventions::of_api(api.merge(api::schema::router(&document)), Methods::of(&document));
    // A request is counted first, then it is found out who asks.
    let api = api.layer(from_fn_with_state(accounts.clone(), accounts::guard));
    let api = accounts::limit_writes(api, accounts);
    let site = state.site.clone();
    let reference = docs::reference(&document);
    let check_token = from_fn_with_state(accounts.clone(), accounts::check_token);
    let monitored = monitor::router().layer(check_token.clone());
    let routes = Router::new().merge(api).merge(monitored).merge(bridge::router(&state.bridge));
    let routes = match site.static_dir() {
        Some(dir) => {
            let pages = pages::beside_another(accounts, &reference);
            let issuer = accounts.issuer_origin();
            routes.merge(pages).fallback_service(static_files::router(dir, issuer.as_deref()))
        }
        None => {
            let pages = pages::router(accounts, &reference);
            routes.merge(pages).merge(special_files::router()).fallback(response::nothing_here)
        }
    };
    let routes = conventions::of_requests(routes, &state.limits).merge(streams.layer(check_token));
    let routes = routes.layer(DefaultBodyLimit::max(conventions::limits::BODY)).with_state(state);
    conventions::of_all(routes, &site, store, health)
}

/// Puts the routes of a bridge's process together.
fn bridge_router(view: &BridgeView) -> Router {
    let routes = Router::new().merge(monitor::process_router()).merge(bridge::router(view));
    conventions::of_bridge(routes.fallback(response::nothing_here))
}
