//! The pages that people look at (`spec/api.md` §11).
//!
//! Each is rendered here and is of use without script; the modules in `static` add what needs one: live changes,
//! filters without a reload, the keyboard. Nothing is loaded from elsewhere and nothing in a page is inline but data.

mod assets;
mod comment;
mod html;
mod intermittents;
mod job;
mod jobs;
mod links;
mod log_viewer;
mod performance;
mod query;
mod repositories;
mod shell;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::map_response;
use axum::response::Redirect;
use axum::routing::get;

use self::assets::Assets;
use super::state::AppState;

impl FromRef<AppState> for Assets {
    fn from_ref(_: &AppState) -> Self {
        Self::embedded()
    }
}

/// Makes the routes of the pages and of what they load.
pub(super) fn router() -> Router<AppState> {
    let pages = Router::new()
        .route("/", get(home))
        .merge(jobs::router())
        .merge(job::router())
        .route("/logviewer", get(log_viewer::show))
        .merge(performance::router())
        .merge(intermittents::router())
        .route("/repositories", get(repositories::show))
        .layer(map_response(html::add_headers));
    Router::new().merge(pages).route("/static/{version}/{*name}", get(assets::file))
}

/// Sends people to the jobs of the usual repository.
async fn home(uri: axum::http::Uri) -> Redirect {
    // Links of old have their parameters here.
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("/jobs{query}"))
}
