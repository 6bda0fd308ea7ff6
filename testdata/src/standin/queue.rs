//! The Taskcluster queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body;
use super::objects;
use super::query::Query;
use super::server::State;
use crate::scenario::ids;
use crate::scenario::{Artifact, Push, Scenario, Task};

/// How many artifacts a page has at most.
const PAGE: usize = 1000;

/// Answers what begins with `/api/queue/v1/`.
pub(crate) fn serve(state: &State, path: &str, query: &Query) -> Response {
    if let Some(group) = path.strip_prefix("task-group/").and_then(|rest| rest.strip_suffix("/list")) {
        return task_group(state, group).unwrap_or_else(|| state.not_found());
    }
    let Some(rest) = path.strip_prefix("task/") else { return state.not_found() };
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let Some((push, task)) = find(state, id) else { return state.not_found() };
    match rest {
        "" => {
            state.counters.count(|counts| counts.definitions += 1);
            body::json(&state.scenario.definition(&push, &task, &state.urls))
        }
        "status" => body::json(&json!({"status": task_status(state, &push, &task)})),
        _ => artifacts(state, &task, rest, query),
    }
}

/// Answers what begins with `/objects/`: `<id>/<run>/<name>`.
pub(crate) async fn serve_object(state: &State, path: &str, before: u64) -> Response {
    let artifact = path.split_once('/').and_then(|(id, rest)| {
        let (run, name) = rest.split_once('/')?;
        let (_, task) = find(state, id)?;
        artifact(&task, run.parse().ok()?, name)
    });
    let Some(artifact) = artifact else { return state.not_found() };
    state.counters.count(|counts| counts.objects += 1);
    objects::serve(state, &artifact, before).await
}

/// How many pushes are kept.
const RECENT: usize = 64;

/// The pushes that were asked about last: making one again for each of its tasks, with all its commits, would cost more than
/// the answer.
#[derive(Debug, Default)]
pub(crate) struct RecentPushes(Mutex<VecDeque<Arc<Push>>>);

impl RecentPushes {
    fn get(&self, scenario: &Scenario, index: u32) -> Arc<Push> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(push) = kept.iter().find(|push| push.index == index) {
            return Arc::clone(push);
        }
        let push = Arc::new(scenario.push(index));
        kept.truncate(RECENT - 1);
        kept.push_front(Arc::clone(&push));
        push
    }
}

fn find(state: &State, id: &str) -> Option<(Arc<Push>, Task)> {
    let (push, task) = ids::decode_task_id(state.scenario.seed(), id)?;
    let push = state.pushes.get(&state.scenario, push);
    (task < push.tasks).then(|| state.scenario.task(&push, task)).map(|task| (push, task))
}

fn artifact(task: &Task, run: u16, name: &str) -> Option<Artifact> {
    task.artifacts(run).into_iter().find(|artifact| artifact.name == name)
}

/// `runs/<run>/artifacts[/<name>]` or, for the last run, `artifacts[/<name>]`.
fn artifacts(state: &State, task: &Task, rest: &str, query: &Query) -> Response {
    let (run, rest) = match rest.strip_prefix("runs/").and_then(|rest| rest.split_once('/')) {
        Some((run, rest)) => (run.parse().ok(), rest),
        None => (task.runs.last().map(|run| run.id), rest),
    };
    let Some(run) = run.filter(|run| usize::from(*run) < task.runs.len()) else { return state.not_found() };
    if rest == "artifacts" {
        state.counters.count(|counts| counts.listings += 1);
        return listing(&task.artifacts(run), query);
    }
    let Some(name) = rest.strip_prefix("artifacts/") else { return state.not_found() };
    if artifact(task, run, name).is_none() {
        return state.not_found();
    }
    state.counters.count(|counts| counts.redirects += 1);
    let url = format!("{}/objects/{}/{run}/{name}", state.urls.root(), task.id);
    let Ok(location) = HeaderValue::from_str(&url) else { return body::status(500) };
    let value = json!({"storageType": "s3", "url": url});
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)], body::json(&value)).into_response()
}

fn listing(artifacts: &[Artifact], query: &Query) -> Response {
    let limit = query.number("limit").map_or(PAGE, |limit| (limit as usize).clamp(1, PAGE));
    let start = match query.text("continuationToken") {
        None => 0,
        Some(token) => match token.strip_prefix("after/").and_then(|start| start.parse().ok()) {
            Some(start) => start,
            None => return body::status(400),
        },
    };
    let page: Vec<Value> = artifacts
        .iter()
        .skip(start)
        .take(limit)
        .map(|artifact| {
            json!({
                "storageType": "s3",
                "name": artifact.name,
                "expires": "2026-12-31T00:00:00.000Z",
                "contentType": artifact.content_type,
            })
        })
        .collect();
    let end = start + page.len();
    let mut answer = json!({"artifacts": page});
    if end < artifacts.len() {
        answer["continuationToken"] = json!(format!("after/{end}"));
    }
    body::json(&answer)
}

fn task_status(state: &State, push: &Push, task: &Task) -> Value {
    let messages = state.scenario.messages_of_task(push, task, &state.urls);
    let last = messages.iter().rev().find_map(|message| message.body.as_ref());
    last.map_or(Value::Null, |body| body["status"].clone())
}

fn task_group(state: &State, group: &str) -> Option<Response> {
    let (push, _) = ids::decode_task_id(state.scenario.seed(), group).filter(|(_, task)| *task == 0)?;
    let push = state.scenario.push(push);
    let tasks: Vec<Value> = state
        .scenario
        .tasks(&push)
        .iter()
        .map(|task| {
            json!({
                "status": task_status(state, &push, task),
                "task": state.scenario.definition(&push, task, &state.urls),
            })
        })
        .collect();
    Some(body::json(&json!({"taskGroupId": group, "schedulerId": "gecko-level-3", "tasks": tasks})))
}
