//! The API for people: how to begin, and the whole reference (§3.26).

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Parameters, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::html::render;
use super::query::Query;
use super::shell::Shell;
use crate::web::accounts::Accounts;
use crate::web::site::addressed;

/// How to use the API.
#[derive(Debug, Template)]
#[template(path = "api.html")]
struct Page<'p> {
    shell: &'p Shell,
    /// Scheme and host as the reader has them.
    site: String,
    development: bool,
    reference: &'p str,
}

/// Shows it, with `reference` made of the API's document.
pub(super) async fn show(
    shell: Shell,
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
    reference: Arc<str>,
) -> Response {
    let shell = shell.at("api", Query::new(pairs).get("repo"));
    let development = accounts.development_login();
    render(&Page { shell: &shell, site: addressed(&headers), development, reference: &reference })
}
