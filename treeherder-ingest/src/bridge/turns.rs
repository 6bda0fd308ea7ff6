//! Which message may be handled when: those of one task in the order in which they came.
//!
//! Who reads the jobs keeps the first end of a run that it is told (`spec/ingest.md` §4.9.1). If the pending event of
//! the next run overtook the one with which a run ended, its times and links would be lost.

use std::collections::{HashMap, VecDeque};

use crate::pulse::{Incoming, Received};

/// Names the task a message is about; nothing for a message without one, which waits for nobody.
pub(super) type TaskId = Option<String>;

/// The messages that wait for another one of their task.
#[derive(Default)]
pub(super) struct Turns {
    /// A queue for every task with a message at work.
    tasks: HashMap<String, VecDeque<Received>>,
    waiting: usize,
}

impl Turns {
    /// Takes a message in; returned is what may be handled now.
    pub(super) fn arrived(&mut self, received: Received) -> Option<(TaskId, Received)> {
        let Some(task_id) = task_id_of(&received.incoming) else { return Some((None, received)) };
        if let Some(waiting) = self.tasks.get_mut(&task_id) {
            waiting.push_back(received);
            self.waiting += 1;
            return None;
        }
        self.tasks.insert(task_id.clone(), VecDeque::new());
        Some((Some(task_id), received))
    }

    /// Says that a message of a task is settled; returned is the next one.
    pub(super) fn settled(&mut self, task_id: TaskId) -> Option<(TaskId, Received)> {
        let task_id = task_id?;
        let Some(next) = self.tasks.get_mut(&task_id).and_then(VecDeque::pop_front) else {
            self.tasks.remove(&task_id);
            return None;
        };
        self.waiting -= 1;
        Some((Some(task_id), next))
    }

    /// Returns how many messages wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }
}

fn task_id_of(incoming: &Incoming) -> TaskId {
    match incoming {
        Incoming::Delivery(delivery) => super::run::task_id_of(delivery),
        Incoming::Broken(_) => None,
    }
}
