//! A Bugzilla: bugs that are read, filed and changed by its REST API, as far as that is used.

use std::sync::Mutex;

use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::body;
use super::query::Query;
use super::server::State;

/// Number of the first bug.
const FIRST: i64 = 1_900_001;
/// The key that it knows.
pub(crate) const KEY: &str = "key-of-the-stand-in";

/// The bugs that it knows.
#[derive(Debug, Default)]
pub(crate) struct Bugs(Mutex<Vec<Value>>);

impl Bugs {
    /// Adds a bug; what is left out gets usual values. Returns its number.
    pub(crate) fn add(&self, fields: &Value) -> i64 {
        let mut bugs = self.lock();
        let id = FIRST + bugs.len() as i64;
        let mut bug = json!({
            "id": id,
            "summary": "",
            "status": "NEW",
            "resolution": "",
            "dupe_of": null,
            "duplicates": [],
            "cf_crash_signature": "",
            "keywords": ["intermittent-failure"],
            "last_change_time": chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "whiteboard": "",
        });
        for (name, value) in fields.as_object().into_iter().flatten() {
            if !value.is_null() {
                bug[name] = value.clone();
            }
        }
        let id = bug["id"].as_i64().unwrap_or(id);
        bugs.push(bug);
        id
    }

    /// Returns the bugs as they are.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Answers what begins with `/bugzilla/`.
pub(crate) fn serve(
    state: &State,
    method: &Method,
    path: &str,
    query: &Query,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let rest = path.trim_end_matches('/');
    if method == Method::GET && rest == "rest/bug" {
        return list(&state.bugs, query);
    }
    if method == Method::GET && rest == "latest/configuration" {
        return body::json(&configuration());
    }
    if headers.get("x-bugzilla-api-key").is_none_or(|key| key != KEY) {
        return refused(StatusCode::UNAUTHORIZED, "The API key you specified is invalid.");
    }
    let Ok(fields) = serde_json::from_slice::<Value>(body) else {
        return refused(StatusCode::BAD_REQUEST, "The body is no JSON.");
    };
    let number = rest.strip_prefix("rest/bug/").and_then(|number| number.parse::<i64>().ok());
    match (method.as_str(), rest, number) {
        ("POST", "rest/bug", _) => file(&state.bugs, &fields),
        ("PUT", _, Some(number)) => change(&state.bugs, number, &fields),
        _ => state.not_found(),
    }
}

/// Products with the groups that may see their security bugs.
fn configuration() -> Value {
    json!({
        "version": "20261101.1",
        "field": {"product": {"type": 2, "values": [
            {"name": "Core", "id": 1, "security_group_id": 12},
            {"name": "Testing", "id": 36, "security_group_id": 12},
            {"name": "Calendar", "id": 8, "security_group_id": 99},
            {"name": "Tree Management", "id": 97},
        ]}},
        "group": {"12": {"name": "core-security", "description": "Security-sensitive bugs"}},
    })
}

fn list(bugs: &Bugs, query: &Query) -> Response {
    let ids: Option<Vec<i64>> =
        query.text("id").map(|ids| ids.split(',').filter_map(|id| id.parse().ok()).collect());
    let since = query.text("last_change_time").unwrap_or_default();
    let keyword = query.text("keywords");
    let is_wanted = |bug: &Value| {
        let is_listed = ids.as_ref().is_none_or(|ids| bug["id"].as_i64().is_some_and(|id| ids.contains(&id)));
        let words = bug["keywords"].as_array();
        let has_keyword =
            keyword.is_none_or(|keyword| words.is_some_and(|words| words.iter().any(|word| word == keyword)));
        is_listed && has_keyword && bug["last_change_time"].as_str().unwrap_or_default() >= since
    };
    let (offset, limit) = (query.number("offset").unwrap_or(0), query.number("limit").unwrap_or(500));
    let found: Vec<Value> = bugs
        .all()
        .into_iter()
        .filter(is_wanted)
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect();
    body::json(&json!({"bugs": found}))
}

fn file(bugs: &Bugs, fields: &Value) -> Response {
    for name in ["product", "component", "summary", "version"] {
        if fields[name].as_str().unwrap_or_default().is_empty() {
            let text = format!("You must select/enter a {name}.");
            return refused(StatusCode::BAD_REQUEST, &text);
        }
    }
    body::json(&json!({"id": bugs.add(fields)}))
}

fn change(bugs: &Bugs, number: i64, fields: &Value) -> Response {
    let mut known = bugs.lock();
    let Some(bug) = known.iter_mut().find(|bug| bug["id"] == number) else {
        return refused(StatusCode::NOT_FOUND, &format!("Bug #{number} does not exist."));
    };
    if let Some(status) = fields.get("status") {
        bug["status"] = status.clone();
        bug["resolution"] = json!("");
    }
    if let Some(text) = fields["comment"]["body"].as_str() {
        let mut comments = bug["comments"].as_array().cloned().unwrap_or_default();
        comments.push(json!(text));
        bug["comments"] = Value::Array(comments);
    }
    body::json(&json!({"bugs": [{"id": number, "changes": {}}]}))
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, body::json(&json!({"error": true, "message": message}))).into_response()
}
