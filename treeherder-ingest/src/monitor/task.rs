//! What is known about a task: a work item that a worker got.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::arguments::{summary, task_name};
use crate::queue::{MessageId, QueueName, Waiting};

/// How far a task has come, in the words of Celery's monitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskState {
    /// Waits for a worker.
    Pending,
    /// A worker has it and works on it.
    Started,
    /// Its effect is stored.
    Success,
    /// It failed and will be tried again.
    Retry,
    /// It was given up: a dead letter.
    Failure,
    /// It was taken off its queue.
    Revoked,
}

impl TaskState {
    /// Lists every state.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Started, Self::Success, Self::Retry, Self::Failure, Self::Revoked];

    /// Returns the word as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Started => "STARTED",
            Self::Success => "SUCCESS",
            Self::Retry => "RETRY",
            Self::Failure => "FAILURE",
            Self::Revoked => "REVOKED",
        }
    }

    /// Finds a state by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The record of a task.
///
/// Times are those of the worker's clock, to the millisecond.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// Identifies the message that carries the task.
    pub id: MessageId,
    /// Name of the task, `log-parser`; `unknown` when the message names none.
    pub task: String,
    /// Where it was.
    pub queue: QueueName,
    /// How far it has come.
    pub state: TaskState,
    /// Who had it last; nothing when no worker ever had it.
    pub worker: Option<String>,
    /// Its arguments in short, a JSON object as text.
    pub args: String,
    /// How often it was handed out.
    pub attempts: u32,
    /// When the message was published first.
    pub published: DateTime<Utc>,
    /// When the worker got it.
    pub received: Option<DateTime<Utc>>,
    /// When the worker started on it.
    pub started: Option<DateTime<Utc>>,
    /// When it came into this state.
    pub updated: DateTime<Utc>,
    /// How long the handler took, in seconds; tasks handled together share their time evenly.
    pub runtime_s: Option<f64>,
    /// When it is tried again.
    pub due: Option<DateTime<Utc>>,
    /// Why it failed, with all causes.
    pub error: Option<String>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
}

impl TaskRecord {
    /// Makes the record of a message that waits, in the state given.
    #[must_use]
    pub fn of_waiting(waiting: &Waiting, state: TaskState, updated: DateTime<Utc>) -> Self {
        Self {
            id: waiting.message_id,
            task: task_name(&waiting.payload).into_owned(),
            queue: waiting.queue,
            state,
            worker: None,
            args: summary(&waiting.payload),
            attempts: waiting.attempts,
            published: waiting.first_seen,
            received: None,
            started: None,
            updated,
            runtime_s: None,
            due: (state == TaskState::Pending).then_some(waiting.due),
            error: waiting.last_error.clone(),
            revoked_by: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_found_by_the_words_that_are_shown() {
        for state in TaskState::ALL {
            assert_eq!(TaskState::from_word(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(TaskState::from_word("success"), None);
    }
}
