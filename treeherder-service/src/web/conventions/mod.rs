//! What all answers have in common (§1).
//!
//! From the outside in: [`summary`] of the request in the log, the endpoints for operators, [`headers`] of every answer, [`compression`], [`origins`] (other sites'
//! pages), [`hosts`] (which names we answer to), for all but live events [`limits`] (how long it may take); then, below `/api/` only, [`clients`]
//! (which programs we answer), [`negotiation`] (which form they want) and [`methods`] (what a path takes).
//!
//! What holds for every path lies as one service around the routes. A layer of a router would be kept at each of its routes, boxed, and each request copies all
//! that are below a layer as often as there are layers above: with fourteen of them that was some 8 % of
//! a small answer in a profile. Checks that only refuse are therefore functions, which share a layer.

mod clients;
pub(super) mod compression;
mod headers;
mod hosts;
pub(super) mod limits;
pub(super) mod methods;
mod negotiation;
mod origins;
mod summary;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use tower::ServiceBuilder;
use treeherder_ingest::store::Store;

use super::monitor::{Health, operational};
use super::site::Site;
use super::state::AppState;
pub(crate) use limits::Limits;
pub(super) use limits::TimeLeft;
use methods::Methods;
pub(super) use summary::note_asker;

/// Adds what holds below `/api/` to the API's routes; `methods` says what each path takes.
pub(super) fn of_api(api: Router<AppState>, methods: Methods) -> Router<AppState> {
    // The layer added last is the first to see a request.
    api.layer(from_fn_with_state(methods, methods::check)).layer(from_fn(answerable))
}

async fn answerable(request: Request, next: Next) -> Response {
    let headers = request.headers();
    match clients::refusal(headers).or_else(|| negotiation::refusal(request.uri(), headers)) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    }
}

/// Adds what holds for everything that is asked and answered, so not for live events.
pub(super) fn of_requests<S: Clone + Send + Sync + 'static>(router: Router<S>, limits: &Limits) -> Router<S> {
    router.layer(from_fn_with_state(limits.clone(), limits::time))
}

/// Adds what holds everywhere. Load balancers ask by address, whatever names the site answers to: the endpoints for operators are
/// answered before the rest.
pub(super) fn of_all(router: Router, site: &Site, store: Store, health: Health) -> Router {
    let all = ServiceBuilder::new()
        .layer(from_fn(summary::log))
        .layer(from_fn_with_state(Arc::new((store, health)), operational))
        .layer(from_fn_with_state(site.clone(), headers::add))
        .layer(compression::layer())
        .layer(from_fn(compression::whole))
        .layer(from_fn_with_state(site.clone(), meant_for_us))
        .service(router);
    Router::new().fallback_service(all)
}

async fn meant_for_us(State(site): State<Site>, request: Request, next: Next) -> Response {
    match origins::preflight(&request).or_else(|| hosts::refusal(&site, &request)) {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

/// Adds what holds for a bridge, which has neither a site nor a database.
pub(super) fn of_bridge(router: Router) -> Router {
    router.layer(from_fn(summary::log))
}
