//! What the bridge could not publish, and its counters.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};
use treeherder_ingest::bridge::{Bridge, Problem};

use crate::web::response::Refused;

#[derive(Template)]
#[template(path = "bridge/errors.html")]
struct Page {
    problems: Vec<Shown>,
}

/// A problem as the page shows it.
struct Shown {
    problem: Problem,
    time: String,
    job: Option<String>,
}

/// Lists the last problems, newest first: a page for people, JSON for those who ask for it.
pub(super) async fn errors(
    State(bridge): State<Arc<Bridge>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let problems = bridge.problems().latest();
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepted.contains("text/html") {
        return Ok(Json(problems).into_response());
    }
    let problems = problems.into_iter().map(|problem| Shown {
        time: problem.time.format("%Y-%m-%d %H:%M:%S").to_string(),
        job: problem.job.as_ref().map(|job| format!("{job:#}")),
        problem,
    });
    Ok(Html(Page { problems: problems.collect() }.render()?).into_response())
}

/// Returns the counters by their published names, and how long messages took.
pub(super) async fn counters(State(bridge): State<Arc<Bridge>>) -> Json<Value> {
    let counters = bridge.counters();
    Json(
        json!({ "counters": counters.all(), "taskcluster-treeherder.handle-message.time": counters.handling_time() }),
    )
}
