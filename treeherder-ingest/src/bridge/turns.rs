//! Which message may be handled when: those of one task in the order in which they came.
//!
//! Who reads the jobs keeps the first end of a run that it is told (`spec/ingest.md` §4.9.1). If the pending event of
//! the next run overtook the one with which a run ended, its times and links would be lost.

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;

use crate::pulse::{Delivery, Incoming, Received};

/// Names the task a message is about; nothing for a message without one, which waits for nobody.
pub(super) type TaskId = Option<String>;

/// The messages that wait for another one of their task: a queue for every task with a message at work.
#[derive(Default)]
pub(super) struct Turns(HashMap<String, VecDeque<Received>>);

impl Turns {
    /// Takes a message in; returned is what may be handled now.
    pub(super) fn arrived(&mut self, received: Received) -> Option<(TaskId, Received)> {
        let task_id = match &received.incoming {
            Incoming::Delivery(delivery) => task_id_of(delivery),
            Incoming::Broken(_) => None,
        };
        if let Some(task_id) = &task_id {
            if let Some(waiting) = self.0.get_mut(task_id) {
                waiting.push_back(received);
                return None;
            }
            self.0.insert(task_id.clone(), VecDeque::new());
        }
        Some((task_id, received))
    }

    /// Says that a message of a task is settled; returned is the next one.
    pub(super) fn settled(&mut self, task_id: TaskId) -> Option<(TaskId, Received)> {
        let task_id = task_id?;
        let Some(next) = self.0.get_mut(&task_id).and_then(VecDeque::pop_front) else {
            self.0.remove(&task_id);
            return None;
        };
        Some((Some(task_id), next))
    }

    /// Returns how many messages wait.
    pub(super) fn waiting(&self) -> usize {
        self.0.values().map(VecDeque::len).sum()
    }
}

/// Reads the task id of a message that may have none, and nothing else of it.
pub(super) fn task_id_of(delivery: &Delivery) -> TaskId {
    #[derive(Deserialize)]
    struct Body {
        status: Status,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        task_id: String,
    }
    let body: Body = serde_json::from_slice(&delivery.body).ok()?;
    Some(body.status.task_id.chars().take(100).collect())
}
