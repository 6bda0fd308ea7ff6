//! The graph of measurements (§11.11): which series it shows is in the URL, its script asks the API for them.

use askama::Template;
use axum::Router;
use axum::extract::Query as Parameters;
use axum::http::Uri;
use axum::response::{Redirect, Response};
use axum::routing::get;

use super::html::render;
use super::query::Query;
use super::shell::Shell;
use crate::web::AppState;

/// The graph.
#[derive(Debug, Template)]
#[template(path = "performance.html")]
struct Page<'p> {
    shell: &'p Shell,
}

/// Makes the route, and those of old that lead to it.
pub(super) fn router() -> Router<AppState> {
    let old = ["/perf.html", "/perfherder", "/perfherder/graphs", "/performance/graphs"];
    let router = Router::new().route("/performance", get(show));
    old.into_iter().fold(router, |router, path| router.route(path, get(moved)))
}

async fn show(shell: Shell, Parameters(pairs): Parameters<Vec<(String, String)>>) -> Response {
    let query = Query::new(pairs);
    let shell = shell.at("performance", query.get("repo"));
    render(&Page { shell: &shell })
}

async fn moved(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("/performance{query}"))
}
