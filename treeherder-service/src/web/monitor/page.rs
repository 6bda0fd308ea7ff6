//! `/workers`: what processes and tasks do, for people.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use chrono::{DateTime, Utc};
use treeherder_ingest::monitor::{TaskRecord, TaskState};
use treeherder_ingest::queue::{Depth, Queue};
use treeherder_ingest::store::{Store, TaskFilter, WorkerRow};

use crate::output::span;
use crate::telemetry::Snapshot;
use crate::web::response::Refused;

/// Tasks in each of the lists.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "monitor/workers.html")]
struct Page {
    time: String,
    workers: Option<Vec<WorkerRow>>,
    queues: Option<Vec<QueueLine>>,
    lists: Vec<TaskList>,
}

/// A queue with who works on it.
struct QueueLine {
    depth: Depth,
    workers: usize,
}

/// Tasks under a heading.
struct TaskList {
    title: &'static str,
    nothing: &'static str,
    tasks: Vec<TaskRecord>,
}

/// Shows queues, processes, and the tasks that run, failed or were the slowest lately.
pub(super) async fn workers(
    State(store): State<Store>,
    State(queue): State<Arc<dyn Queue>>,
) -> Result<Html<String>, Refused> {
    let Snapshot { depths, workers, .. } = Snapshot::take(&store, queue.as_ref()).await;
    let serving = |depth: &Depth| {
        let workers = workers.iter().flatten();
        workers.filter(|worker| worker.alive && worker.queues.contains(&depth.queue)).count()
    };
    let queues = depths.map(|depths| {
        depths.into_iter().map(|depth| QueueLine { workers: serving(&depth), depth }).collect()
    });
    let mut lists = Vec::new();
    for (state, title, nothing) in [
        (TaskState::Started, "Running for some time", "No task has been running for long."),
        (TaskState::Failure, "Given up", "Nothing was given up lately."),
        (TaskState::Retry, "To be tried again", "Nothing waits for another try."),
        (TaskState::Success, "Done", "Nothing was done lately."),
    ] {
        let filter = TaskFilter { state: Some(state), limit: SHOWN, ..TaskFilter::default() };
        lists.push(TaskList { title, nothing, tasks: store.task_records(&filter).await? });
    }
    let page = Page { time: moment(&Utc::now()), workers, queues, lists };
    Ok(Html(page.render()?))
}

fn moment(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes how long ago something was.
fn ago(age: &Duration) -> String {
    format!("{} ago", span(*age))
}

impl Page {
    fn alive(&self) -> usize {
        self.workers.iter().flatten().filter(|worker| worker.alive).count()
    }

    fn dead_letters(&self) -> u64 {
        self.queues.iter().flatten().map(|line| line.depth.dead).sum()
    }

    fn waiting(&self) -> u64 {
        self.queues.iter().flatten().map(|line| line.depth.ready).sum()
    }
}

/// The word for what a process is.
fn condition(worker: &WorkerRow) -> &'static str {
    if worker.alive {
        "alive"
    } else if worker.is_lost() {
        "lost"
    } else {
        "stopped"
    }
}

/// The first line of an error.
fn first_line(error: &str) -> &str {
    error.lines().next().unwrap_or_default()
}

/// Writes how long a task took.
fn runtime(seconds: &f64) -> String {
    if *seconds < 1.0 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}
