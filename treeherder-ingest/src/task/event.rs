//! The task event: what Taskcluster's queue publishes when a task changes (`spec/ingest.md` §4.1, §4.6).

use serde::Deserialize;

use super::TaskError;

/// Kind of task event; each has an exchange of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskEventKind {
    /// The task exists; its dependencies are not resolved yet.
    Defined,
    /// A run waits for a worker.
    Pending,
    /// A worker has claimed the run.
    Running,
    /// The run passed.
    Completed,
    /// The run failed.
    Failed,
    /// The run, or the task without one, broke.
    Exception,
}

impl TaskEventKind {
    /// Reads the kind from the last word of an exchange name, as in `exchange/taskcluster-queue/v1/task-pending`.
    pub fn from_exchange(exchange: &str) -> Option<Self> {
        match exchange.rsplit_once('/').map_or(exchange, |(_, last)| last) {
            "task-defined" => Some(Self::Defined),
            "task-pending" => Some(Self::Pending),
            "task-running" => Some(Self::Running),
            "task-completed" => Some(Self::Completed),
            "task-failed" => Some(Self::Failed),
            "task-exception" => Some(Self::Exception),
            _ => None,
        }
    }
}

/// One task event with its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEvent {
    /// What happened.
    pub kind: TaskEventKind,
    /// The body of the message.
    pub body: TaskEventBody,
}

impl TaskEvent {
    /// Reads an event from the exchange it came through and the message body.
    ///
    /// # Errors
    /// [`TaskError::UnknownExchange`] and [`TaskError::MalformedEvent`]; trying again cannot help with either.
    pub fn parse(exchange: &str, body: &[u8]) -> Result<Self, TaskError> {
        Self::with_body(exchange, || serde_json::from_slice(body))
    }

    /// Does the same for a body that is parsed already, without copying it.
    ///
    /// # Errors
    /// As for [`TaskEvent::parse`].
    pub fn from_value(exchange: &str, body: &serde_json::Value) -> Result<Self, TaskError> {
        Self::with_body(exchange, || TaskEventBody::deserialize(body))
    }

    fn with_body(
        exchange: &str,
        read: impl FnOnce() -> Result<TaskEventBody, serde_json::Error>,
    ) -> Result<Self, TaskError> {
        let kind = TaskEventKind::from_exchange(exchange)
            .ok_or_else(|| TaskError::UnknownExchange { exchange: exchange.to_owned() })?;
        let body = read().map_err(|error| TaskError::MalformedEvent {
            exchange: exchange.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self { kind, body })
    }

    /// Returns the run the event is about; a task that is only defined has no run of its own yet.
    pub fn run_id(&self) -> u32 {
        match self.kind {
            TaskEventKind::Defined => 0,
            _ => self.body.run_id.unwrap_or(0),
        }
    }

    /// Returns the slug of the task.
    pub fn task_id(&self) -> &str {
        &self.body.status.task_id
    }
}

/// The parts of the message body that are used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskEventBody {
    /// Status of the task at the time of the event.
    pub status: TaskStatus,
    /// Run the event is about; absent when the task is only defined.
    #[serde(default)]
    pub run_id: Option<u32>,
}

/// Status of a task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskStatus {
    /// Slug of the task.
    pub task_id: String,
    /// All runs so far.
    #[serde(default)]
    pub runs: Vec<Run>,
}

/// One run of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// `pending`, `running`, `completed`, `failed` or `exception`.
    pub state: String,
    /// `scheduled`, `retry`, `task-retry`, `rerun` or `exception`.
    #[serde(default)]
    pub reason_created: Option<String>,
    /// Why the run ended, such as `canceled` or `worker-shutdown`.
    #[serde(default)]
    pub reason_resolved: Option<String>,
    /// When a worker claimed the run.
    #[serde(default)]
    pub started: Option<String>,
    /// When the run ended.
    #[serde(default)]
    pub resolved: Option<String>,
    /// Worker that claimed the run.
    #[serde(default)]
    pub worker_id: Option<String>,
}
