//! What all answers have in common (§1).
//!
//! From the outside in: [`summary`] of the request in the log, [`headers`] of every answer, compression, [`origins`] (other sites' pages), [`hosts`] (which names we answer
//! to), for all but live events [`limits`] (how long it may take); then, below `/api/` only, [`clients`] (which programs we answer),
//! [`negotiation`] (which form they want) and [`methods`] (what a path takes).

mod clients;
pub(super) mod compression;
mod headers;
mod hosts;
pub(super) mod limits;
pub(super) mod methods;
mod negotiation;
mod origins;
mod summary;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use super::site::Site;
use super::state::AppState;
pub(crate) use limits::Limits;
pub(super) use limits::TimeLeft;
use methods::Methods;
pub(super) use summary::note_asker;

/// Adds what holds below `/api/` to the API's routes; `methods` says what each path takes.
pub(super) fn of_api(api: Router<AppState>, methods: Methods) -> Router<AppState> {
    // The layer added last is the first to see a request.
    api.layer(from_fn_with_state(methods, methods::check))
        .layer(from_fn(negotiation::check))
        .layer(from_fn(clients::check))
}

/// Adds what holds for everything that is asked and answered, so not for live events.
pub(super) fn of_requests<S: Clone + Send + Sync + 'static>(router: Router<S>, limits: &Limits) -> Router<S> {
    router.layer(from_fn_with_state(limits.clone(), limits::time))
}

/// Adds what holds everywhere.
pub(super) fn of_all(router: Router, site: &Site) -> Router {
    router
        .layer(from_fn_with_state(site.clone(), hosts::check))
        .layer(from_fn(origins::preflight))
        .layer(from_fn(compression::whole))
        .layer(compression::layer())
        .layer(from_fn_with_state(site.clone(), headers::add))
}

/// Adds what holds for everything, the endpoints for operators included.
pub(super) fn outermost(router: Router) -> Router {
    router.layer(from_fn(summary::log))
}
