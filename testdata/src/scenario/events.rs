//! Task messages (`spec/ingest.md` §4.1): one for every step of a task's life.

use serde_json::{Value, json};

use super::life::{Outcome, Run};
use super::message::Message;
use super::push::Push;
use super::special::Special;
use super::task::Task;
use super::urls::Urls;
use super::{Scenario, ids};
use crate::time::iso_millis;

const EXCHANGE: &str = "exchange/taskcluster-queue/v1/";
pub(crate) const PROVISIONER: &str = "demo-3";
pub(crate) const SCHEDULER: &str = "gecko-level-3";
const WORKER_GROUP: &str = "demo-west1";

impl Task {
    pub(crate) fn worker_type(&self) -> String {
        format!("t-{}-demo", self.kind.name())
    }
}

impl Scenario {
    /// Makes the messages about one task, in the order in which they are sent.
    pub fn messages_of_task(&self, push: &Push, task: &Task, urls: &Urls) -> Vec<Message> {
        let send = |event: &str, run: Option<&Run>, offset: f64| {
            self.task_message(push, task, urls, event, run, offset)
        };
        if self.is_scaled() {
            let Some(run) = task.runs.last() else { return Vec::new() };
            return vec![send(end_event(run), Some(run), run.resolved.unwrap_or(run.scheduled))];
        }
        let mut messages = vec![send("task-defined", None, task.created)];
        for run in &task.runs {
            if run.reason_created != "exception" {
                messages.push(send("task-pending", Some(run), run.scheduled));
            }
            if let Some(started) = run.started {
                messages.push(send("task-running", Some(run), started));
            }
            if let Some(resolved) = run.resolved {
                messages.push(send(end_event(run), Some(run), resolved));
            }
        }
        spoil(push, task, &mut messages);
        messages
    }

    fn task_message(
        &self,
        push: &Push,
        task: &Task,
        urls: &Urls,
        event: &str,
        run: Option<&Run>,
        offset: f64,
    ) -> Message {
        let time = |seconds: f64| iso_millis(self.event_ms(push, seconds));
        let group = ids::task_id(self.seed, push.index, 0);
        let runs: Vec<Value> = task
            .runs
            .iter()
            .filter(|other| run.is_some() && other.scheduled <= offset + 0.001)
            .map(|other| run_status(other, offset, &time))
            .collect();
        let state = runs.last().map_or(json!("unscheduled"), |run| run["state"].clone());
        let mut body = json!({
            "status": {
                "taskId": task.id,
                "provisionerId": PROVISIONER,
                "workerType": task.worker_type(),
                "taskQueueId": format!("{PROVISIONER}/{}", task.worker_type()),
                "schedulerId": SCHEDULER,
                "projectId": "gecko",
                "taskGroupId": group,
                "deadline": time(task.created + 86_400.0),
                "expires": time(task.created + 28.0 * 86_400.0),
                "retriesLeft": 5,
                "state": state,
                "runs": runs,
            },
            "task": {"tags": {"kind": task.kind.name(), "label": task.name}},
            "version": 1,
        });
        let (mut run_id, mut worker_group, mut worker) = ("_".to_owned(), "_", "_");
        if let Some(run) = run {
            body["runId"] = json!(run.id);
            run_id = run.id.to_string();
            if run.started.is_some_and(|started| started <= offset + 0.001) {
                body["workerGroup"] = json!(WORKER_GROUP);
                body["workerId"] = json!(run.worker);
                (worker_group, worker) = (WORKER_GROUP, &run.worker);
            }
        }
        Message {
            exchange: format!("{EXCHANGE}{event}"),
            routing_key: format!(
                "primary.{}.{run_id}.{worker_group}.{worker}.{PROVISIONER}.{}.{SCHEDULER}.{group}._",
                task.id,
                task.worker_type()
            ),
            cc: task.routes(push).into_iter().map(|route| format!("route.{route}")).collect(),
            root_url: urls.root().to_owned(),
            at: Self::event_at(push, offset),
            body: Some(body),
            raw: None,
        }
    }
}

/// Adds and moves messages as the special case of the task wants.
fn spoil(push: &Push, task: &Task, messages: &mut Vec<Message>) {
    let Some(last) = messages.last().cloned() else { return };
    let later = |seconds: f64| ((last.at + seconds) * 1e6).round() / 1e6;
    match task.special {
        Some(Special::BeforePush) => messages[0].at = (push.at - 1.0).max(0.0),
        Some(Special::DeliveredTwice) => messages.push(Message { at: later(0.2), ..last }),
        Some(Special::LatePending) => {
            let at = later(0.2);
            if let Some(pending) = messages.iter().find(|m| m.exchange.ends_with("task-pending")).cloned() {
                messages.push(Message { at, ..pending });
            }
        }
        Some(Special::UnknownExchange) => {
            let at = later(0.1);
            messages.push(Message { exchange: format!("{EXCHANGE}task-archived"), at, ..last });
        }
        Some(Special::MalformedBody) => {
            let at = later(0.1);
            let raw = format!("{{\"status\": {{\"taskId\": \"{}\", \"runs\": [", task.id);
            messages.push(Message { body: None, raw: Some(raw), at, ..last });
        }
        _ => {}
    }
}

fn end_event(run: &Run) -> &'static str {
    match run.outcome {
        Outcome::Completed => "task-completed",
        Outcome::Failed => "task-failed",
        _ => "task-exception",
    }
}

/// A run as the queue saw it at that moment.
fn run_status(run: &Run, now: f64, time: &dyn Fn(f64) -> String) -> Value {
    let reached = |moment: Option<f64>| moment.filter(|moment| *moment <= now + 0.001);
    let mut status = json!({
        "runId": run.id,
        "state": "pending",
        "reasonCreated": run.reason_created,
        "scheduled": time(run.scheduled),
    });
    if let Some(started) = reached(run.started) {
        status["state"] = json!("running");
        status["workerGroup"] = json!(WORKER_GROUP);
        status["workerId"] = json!(run.worker);
        status["takenUntil"] = json!(time(started + 1200.0));
        status["started"] = json!(time(started));
    }
    if let Some(resolved) = reached(run.resolved) {
        status["state"] = json!(run.final_state());
        status["reasonResolved"] = json!(run.reason_resolved());
        status["resolved"] = json!(time(resolved));
    }
    status
}
