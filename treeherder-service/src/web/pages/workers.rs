//! `/workers`: what queues, processes and tasks do (`spec/bridge-l10n-platform.md` §4.6).

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use treeherder_ingest::monitor::{TaskRecord, TaskState};
use treeherder_ingest::queue::{Depth, Queue, QueueName};
use treeherder_ingest::store::{Store, StoreError, TaskFilter, WorkerRow};

use super::html::{PageError, render};
use super::shell::Shell;
use super::time::iso;
use crate::output::span;
use crate::telemetry::Snapshot;

/// Tasks in each of the lists.
const SHOWN: u32 = 50;

/// Queues, processes and tasks; what does not answer is missing.
#[derive(Debug, Template)]
#[template(path = "workers.html")]
struct Page<'p> {
    shell: &'p Shell,
    time: String,
    iso: String,
    workers: Option<Vec<WorkerRow>>,
    queues: Option<Vec<QueueLine>>,
    lists: Option<Vec<TaskList>>,
}

/// A queue with who works on it.
#[derive(Debug)]
struct QueueLine {
    depth: Depth,
    workers: usize,
}

/// Tasks under a heading.
#[derive(Debug)]
struct TaskList {
    id: &'static str,
    title: &'static str,
    nothing: &'static str,
    tasks: Vec<TaskRecord>,
}

/// Shows queues, processes, and the tasks that run, failed or were the slowest lately.
///
/// It is looked at when something is wrong, so it is there without database and without queues as well.
pub(super) async fn show(
    shell: Result<Shell, PageError>,
    State(store): State<Store>,
    State(queue): State<Arc<dyn Queue>>,
) -> Response {
    let shell = shell.unwrap_or_else(|_| Shell::plain()).at("workers", None);
    let Snapshot { depths, workers, .. } = Snapshot::take(&store, queue.as_ref()).await;
    let serving = |depth: &Depth| {
        let workers = workers.iter().flatten();
        workers.filter(|worker| worker.alive && worker.queues.contains(&depth.queue)).count()
    };
    let queues = depths.map(|depths| {
        depths.into_iter().map(|depth| QueueLine { workers: serving(&depth), depth }).collect()
    });
    let lists = match &workers {
        Some(_) => lists(&store).await.ok(),
        None => None,
    };
    let now = Utc::now();
    render(&Page { shell: &shell, time: moment(&now), iso: iso(&now), workers, queues, lists })
}

async fn lists(store: &Store) -> Result<Vec<TaskList>, StoreError> {
    let mut lists = Vec::new();
    for (state, id, title, nothing) in [
        (TaskState::Started, "running", "Running for some time", "No task has been running for long."),
        (TaskState::Failure, "failed", "Given up", "Nothing was given up lately."),
        (TaskState::Retry, "retried", "To be tried again", "Nothing waits for another try."),
        (TaskState::Success, "done", "Done", "Nothing was done lately."),
    ] {
        let filter = TaskFilter { state: Some(state), limit: SHOWN, ..TaskFilter::default() };
        lists.push(TaskList { id, title, nothing, tasks: store.task_records(&filter).await? });
    }
    Ok(lists)
}

fn moment(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes how long something has waited.
fn age_of(age: &Duration) -> String {
    span(*age)
}

/// Writes how long ago something was.
fn ago(age: &Duration) -> String {
    format!("{} ago", span(*age))
}

impl Page<'_> {
    fn alive(&self) -> usize {
        self.workers.iter().flatten().filter(|worker| worker.alive).count()
    }

    fn lost(&self) -> usize {
        self.workers.iter().flatten().filter(|worker| worker.is_lost()).count()
    }

    fn sum(&self, of: impl Fn(&Depth) -> u64) -> u64 {
        self.queues.iter().flatten().map(|line| of(&line.depth)).sum()
    }

    fn dead_letters(&self) -> u64 {
        self.sum(|depth| depth.dead)
    }

    fn waiting(&self) -> u64 {
        self.sum(|depth| depth.ready)
    }

    fn delayed(&self) -> u64 {
        self.sum(|depth| depth.delayed)
    }

    fn in_hands(&self) -> u64 {
        self.sum(|depth| depth.leased)
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

/// Writes the name of a queue so that it is broken into lines between its words.
fn breakable(queue: &QueueName) -> String {
    queue.as_str().replace('_', "_<wbr>")
}

/// The first line of an error.
fn first_line(error: &str) -> &str {
    error.lines().next().unwrap_or_default()
}

/// Writes how long a task took.
fn runtime(seconds: &f64) -> String {
    if *seconds < 1.0 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}
