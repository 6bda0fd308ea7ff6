//! The pages that people look at (`spec/api.md` §11).
//!
//! Each is rendered here and is of use without script; the modules in `static` add what needs one: live changes,
//! filters without a reload, the keyboard. Nothing is loaded from elsewhere and nothing in a page is inline but data.

mod about;
mod api;
mod assets;
mod classifications;
mod comment;
mod dead_letters;
mod early;
mod html;
mod intermittents;
mod job;
mod jobs;
mod links;
mod log_viewer;
mod login;
mod old_links;
mod performance;
mod query;
mod repositories;
mod shell;
mod time;
mod workers;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::http::HeaderMap;
use axum::middleware::map_response;
use axum::response::Redirect;
use axum::routing::get;

use self::assets::Assets;
use super::accounts::Accounts;
use super::state::AppState;

impl FromRef<AppState> for Assets {
    fn from_ref(_: &AppState) -> Self {
        Self::embedded()
    }
}

/// Makes the routes of the pages and of what they load; `reference` is that of the API.
pub(super) fn router(accounts: &Accounts, reference: &Arc<str>) -> Router<AppState> {
    let pages = Router::new()
        .route("/", get(home))
        .merge(old_links::router())
        .merge(jobs::router())
        .merge(job::router())
        .route("/logviewer", get(log_viewer::show))
        .merge(performance::router())
        .merge(intermittents::router())
        .route("/repositories", get(repositories::show))
        .route("/userguide", get(about::guide))
        .merge(login::router(accounts))
        .merge(of_the_service(accounts, reference))
        .layer(map_response(html::add_headers));
    Router::new().merge(pages).route("/static/{version}/{*name}", get(assets::file))
}

/// Makes the routes of the pages that are there beside another front-end: those about the service itself.
pub(super) fn beside_another(accounts: &Accounts, reference: &Arc<str>) -> Router<AppState> {
    // No more of `static` than is ours.
    let files = format!("/static/{}/{{*name}}", Assets::embedded().version());
    let file = async |State(assets): State<Assets>, Path(name): Path<String>, headers: HeaderMap| {
        let version = assets.version().to_owned();
        assets::file(State(assets), Path((version, name)), headers).await
    };
    of_the_service(accounts, reference).layer(map_response(html::add_headers)).route(&files, get(file))
}

fn of_the_service(accounts: &Accounts, reference: &Arc<str>) -> Router<AppState> {
    let reference = Arc::clone(reference);
    Router::new()
        .route("/workers", get(workers::show))
        .merge(dead_letters::router(accounts))
        .route("/about", get(about::show))
        .route(
            "/docs",
            get(move |shell, accounts, headers, parameters| {
                api::show(shell, accounts, headers, parameters, Arc::clone(&reference))
            }),
        )
}

/// Sends people to the jobs of the usual repository.
async fn home(uri: axum::http::Uri) -> Redirect {
    // Links of old have their parameters here.
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("/jobs{query}"))
}
