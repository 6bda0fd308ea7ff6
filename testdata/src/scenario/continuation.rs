//! The messages in the order of their moments: the burst, and the endless stream after it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::message::Message;
use super::special::Special;
use super::{Scenario, Urls};

impl Scenario {
    /// Makes all messages of one push and its tasks, in the order of their moments.
    pub fn push_messages(&self, index: u32, urls: &Urls) -> Vec<Message> {
        let push = self.push(index);
        let mut messages = vec![push.message(urls)];
        if index == 1 && !self.is_scaled() {
            messages.extend(push.stray_messages(urls));
        }
        for task in self.tasks(&push) {
            messages.extend(self.messages_of_task(&push, &task, urls));
        }
        messages.sort_by(|a, b| a.at.total_cmp(&b.at));
        messages
    }

    /// Makes all messages of the burst, in the order of their moments.
    pub fn messages(&self, urls: &Urls) -> Vec<Message> {
        let mut messages: Vec<Message> =
            (0..self.pushes()).flat_map(|index| self.push_messages(index, urls)).collect();
        messages.sort_by(|a, b| a.at.total_cmp(&b.at));
        messages
    }

    /// Goes on with push number `first` (usually [`pushes`](Self::pushes), the end of the burst) and never ends.
    ///
    /// A push comes every forty seconds or so, its tasks take from some seconds to two minutes, and something
    /// changes every second or two. `at` counts from the start of the burst.
    pub fn continue_from(&self, first: u32, urls: &Urls) -> Continuation {
        Continuation {
            scenario: self.clone(),
            urls: urls.clone(),
            next: first.max(self.pushes()),
            sent: 0,
            waiting: BinaryHeap::new(),
        }
    }

    /// Says whether the burst has this case.
    pub fn has(&self, special: Special) -> bool {
        (0..self.pushes())
            .any(|index| self.tasks(&self.push(index)).iter().any(|task| task.special == Some(special)))
    }
}

/// Messages without end; see [`Scenario::continue_from`].
#[derive(Debug)]
pub struct Continuation {
    scenario: Scenario,
    urls: Urls,
    next: u32,
    sent: u64,
    waiting: BinaryHeap<Waiting>,
}

impl Continuation {
    /// Returns the number of the next push that has not been begun.
    pub fn next_push(&self) -> u32 {
        self.next
    }
}

impl Iterator for Continuation {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        // A message may come a little before its push, so a push is made ready before its moment.
        while self
            .waiting
            .peek()
            .is_none_or(|first| first.message.at > self.scenario.push(self.next).at - 2.0)
        {
            for message in self.scenario.push_messages(self.next, &self.urls) {
                self.sent += 1;
                self.waiting.push(Waiting { number: self.sent, message });
            }
            self.next += 1;
        }
        self.waiting.pop().map(|waiting| waiting.message)
    }
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    message: Message,
}

impl Ord for Waiting {
    /// The greatest is the one that comes first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.message.at.total_cmp(&self.message.at).then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}
