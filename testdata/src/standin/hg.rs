//! The pushlog of a Mercurial server.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::body;
use super::query::Query;
use super::server::State;
use crate::scenario::{REPOSITORIES, ids};

/// How many pushes an answer has when nothing else is asked for.
const DEFAULT_PUSHES: usize = 10;
/// How many push ids are looked through at most.
const SPAN: u64 = 5000;
/// Push ids begin after this one.
const FIRST_ID: u64 = 1001;

/// Answers what begins with `/hg/`.
pub(crate) fn serve(state: &State, path: &str, query: &Query) -> Response {
    let path = path.trim_end_matches('/');
    let repository = path.strip_suffix("/json-pushes").and_then(|wanted| {
        REPOSITORIES.iter().find(|repository| repository.dvcs_type() == "hg" && repository.path == wanted)
    });
    let Some(repository) = repository else { return state.not_found() };
    state.counters.count(|counts| counts.pushlogs += 1);
    let announced = FIRST_ID + u64::from(state.announced());
    let of_repository = |id: &u64| {
        let index = id.checked_sub(FIRST_ID).and_then(|index| u32::try_from(index).ok());
        index.map(|index| state.scenario.push(index)).filter(|push| push.repository.name == repository.name)
    };
    let pushes: Vec<_> = if let Some(changeset) = query.text("changeset") {
        match ids::decode_revision(state.scenario.seed(), changeset) {
            Some((push, _)) => of_repository(&(FIRST_ID + u64::from(push))).into_iter().collect(),
            None => return body::status(404),
        }
    } else if let Some(start) = query.number("startID") {
        // A message announces its push, so an end that is asked for is not doubted.
        let end = query.number("endID").unwrap_or(announced - 1);
        let start = start.max(FIRST_ID - 1);
        (start + 1..=end.min(start.saturating_add(SPAN))).filter_map(|id| of_repository(&id)).collect()
    } else {
        let from = announced.saturating_sub(SPAN).max(FIRST_ID);
        let mut last: Vec<_> =
            (from..announced).rev().filter_map(|id| of_repository(&id)).take(DEFAULT_PUSHES).collect();
        last.reverse();
        last
    };
    let full = query.text("full").is_some_and(|full| full != "0");
    let entries: Map<String, Value> =
        pushes.iter().map(|push| (push.id.to_string(), push.pushlog_entry(full))).collect();
    if query.text("version") != Some("2") {
        return body::json(&Value::Object(entries));
    }
    let last = (FIRST_ID..announced).rev().find(|id| of_repository(id).is_some()).unwrap_or_default();
    let last = last.max(pushes.last().map_or(0, |push| push.id));
    body::json(&json!({"lastpushid": last, "pushes": entries}))
}
