//! Intermittent failures by bug over time (§11.11).

use askama::Template;
use axum::Router;
use axum::extract::Query as Parameters;
use axum::http::Uri;
use axum::response::{Redirect, Response};
use axum::routing::get;
use chrono::{NaiveDate, TimeDelta, Utc};

use super::html::render;
use super::links;
use super::query::Query;
use super::shell::Shell;
use crate::web::AppState;

/// The page asks for so many days.
const DAYS: TimeDelta = TimeDelta::days(7);

/// Groups of repositories that the API knows.
const GROUPS: [(&str, &str); 4] = [
    ("all", "all"),
    ("trunk", "trunk"),
    ("firefox-releases", "releases"),
    ("comm-releases", "comm releases"),
];

/// Failures of some days.
#[derive(Debug, Template)]
#[template(path = "intermittents.html")]
struct Page<'p> {
    shell: &'p Shell,
    start: NaiveDate,
    end: NaiveDate,
    tree: String,
    bug: String,
    groups: [(&'static str, &'static str); 4],
}

/// Makes the route, and those of old that lead to it.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/intermittent-failures", get(show))
        .route("/intermittent-failures/main", get(moved))
        .route("/intermittent-failures/bugdetails", get(moved))
}

async fn show(shell: Shell, Parameters(pairs): Parameters<Vec<(String, String)>>) -> Response {
    let query = Query::new(pairs);
    let shell = shell.at("intermittents", query.get("repo"));
    let day = |name: &str| query.get(name).and_then(|text| text.parse().ok());
    let end = day("endday").unwrap_or_else(|| Utc::now().date_naive());
    let page = Page {
        start: day("startday").unwrap_or(end - DAYS),
        end,
        tree: query.get("tree").unwrap_or("all").to_owned(),
        bug: query.get("bug").filter(|bug| bug.parse::<i32>().is_ok()).unwrap_or_default().to_owned(),
        groups: GROUPS,
        shell: &shell,
    };
    render(&page)
}

async fn moved(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("/intermittent-failures{query}"))
}
