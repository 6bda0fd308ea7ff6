//! What goes into a queue and what comes out of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{MessageId, QueueError, QueueName};

/// Largest payload a queue takes.
///
/// It leaves room for the largest message RabbitMQ carries (128 MiB) in base64, so that nothing that arrives over
/// Pulse can be too large to be kept.
pub const MAX_PAYLOAD_BYTES: usize = 192 * 1024 * 1024;

/// Longest error text kept with a message, in characters.
pub const MAX_ERROR_CHARS: usize = 16_384;

/// Which of two ready messages of a queue is handed out first.
///
/// Two levels, because RabbitMQ's quorum queues know two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// In order of arrival.
    #[default]
    Normal,
    /// Before everything that is normal.
    High,
}

impl Priority {
    pub(crate) const ALL: [Self; 2] = [Self::High, Self::Normal];

    /// Returns the number that is stored.
    pub(crate) fn as_number(self) -> i16 {
        match self {
            Self::Normal => 0,
            Self::High => 1,
        }
    }

    /// Reads a stored number; whatever is above normal is high.
    pub(crate) fn from_number(number: i16) -> Self {
        if number > 0 { Self::High } else { Self::Normal }
    }
}

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it goes.
    pub queue: QueueName,
    /// What it says; text without NUL characters.
    pub payload: String,
    /// Whether it overtakes others.
    pub priority: Priority,
    /// How long it stays invisible first.
    pub delay: Duration,
}

impl Message {
    /// Makes a message of normal priority that is due at once.
    #[must_use]
    pub fn new(queue: QueueName, payload: impl Into<String>) -> Self {
        Self { queue, payload: payload.into(), priority: Priority::Normal, delay: Duration::ZERO }
    }

    /// Sets the priority.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Keeps the message invisible for `delay` after it is published.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Refuses a payload that one of the backends could not keep unchanged.
    pub(crate) fn check(&self) -> Result<(), QueueError> {
        if self.payload.len() > MAX_PAYLOAD_BYTES {
            return Err(QueueError::TooLarge { queue: self.queue, bytes: self.payload.len() });
        }
        match self.payload.find('\0') {
            Some(place) => Err(QueueError::NulCharacter { queue: self.queue, place }),
            None => Ok(()),
        }
    }
}

/// Proves that a delivery was handed out; settling a delivery needs it.
///
/// Each claim makes new receipts: after a lease ran out and someone else claimed the message, the old receipt
/// settles nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt {
    /// Row id, or delivery tag.
    pub(crate) id: i64,
    /// Lease token, or generation of the channel.
    pub(crate) token: i64,
}

impl Receipt {
    /// Makes a receipt; for implementations of [`Queue`](super::Queue).
    #[must_use]
    pub fn new(id: i64, token: i64) -> Self {
        Self { id, token }
    }

    /// Returns the message's id within its queue.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Returns what distinguishes this hand-out of the message from others.
    #[must_use]
    pub fn token(&self) -> i64 {
        self.token
    }
}

/// A message handed out under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Identifies the message, in every hand-out alike.
    pub message_id: MessageId,
    /// Where it was.
    pub queue: QueueName,
    /// What it says.
    pub payload: String,
    /// Its priority.
    pub priority: Priority,
    /// How often it has been handed out, this time included: 1 the first time.
    pub attempts: u32,
    /// When it was published first.
    pub first_seen: DateTime<Utc>,
    /// Why the last attempt failed, if one did.
    pub last_error: Option<String>,
    /// What settles it.
    pub receipt: Receipt,
}

/// A message that nobody has in hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Identifies the message.
    pub message_id: MessageId,
    /// Where it is.
    pub queue: QueueName,
    /// What it says.
    pub payload: String,
    /// How often it has been handed out.
    pub attempts: u32,
    /// When it was published first.
    pub first_seen: DateTime<Utc>,
    /// When it can be claimed.
    pub due: DateTime<Utc>,
    /// Why the last attempt failed, if one did.
    pub last_error: Option<String>,
}

/// A failed delivery that is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Which delivery.
    pub receipt: Receipt,
    /// After which time.
    pub delay: Duration,
    /// Why it failed.
    pub error: String,
}

/// A failed delivery that is to be kept as a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burial {
    /// Which delivery.
    pub receipt: Receipt,
    /// Why it failed.
    pub error: String,
}

/// A message that could not be processed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Identifies it within the queue.
    pub id: i64,
    /// Identifies the message, as when it was worked on.
    pub message_id: MessageId,
    /// Where it was.
    pub queue: QueueName,
    /// What it says.
    pub payload: String,
    /// Why it could not be processed.
    pub error: String,
    /// How often it was handed out.
    pub attempts: u32,
    /// When it was published first.
    pub first_seen: DateTime<Utc>,
    /// When it was given up.
    pub dead_since: DateTime<Utc>,
}

/// A page of a list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only entries with a smaller id; the last id of the page before.
    pub before: Option<i64>,
    /// How many entries at most.
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { before: None, limit: 50 }
    }
}

/// How many messages a queue holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// Which queue.
    pub queue: QueueName,
    /// Messages that can be claimed now.
    pub ready: u64,
    /// Messages that wait for their time.
    pub delayed: u64,
    /// Messages in someone's hands.
    pub leased: u64,
    /// Dead letters.
    pub dead: u64,
    /// How long the oldest ready message has been due.
    pub oldest_ready: Option<Duration>,
}

impl Depth {
    /// Describes an empty queue.
    #[must_use]
    pub fn empty(queue: QueueName) -> Self {
        Self { queue, ready: 0, delayed: 0, leased: 0, dead: 0, oldest_ready: None }
    }
}

/// Makes an error text that every backend can store: bounded, without NUL characters.
pub(crate) fn storable_error(error: &str) -> String {
    let mut text: String =
        error.chars().take(MAX_ERROR_CHARS).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect();
    if error.chars().nth(MAX_ERROR_CHARS).is_some() {
        text.push_str(" [error text cut]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_text_is_cut_and_says_so() {
        assert_eq!(storable_error("a\0b"), "a\u{fffd}b");
        let long = "é".repeat(MAX_ERROR_CHARS + 1);
        let kept = storable_error(&long);
        assert!(kept.starts_with('é') && kept.ends_with("é [error text cut]"));
        assert_eq!(storable_error(&long[..MAX_ERROR_CHARS * 2]).chars().count(), MAX_ERROR_CHARS);
    }

    #[test]
    fn a_payload_with_a_nul_character_is_refused_with_its_place() {
        let error = Message::new(QueueName::Statsd, "ab\0").check().unwrap_err();
        assert_eq!(error.to_string(), "message for queue statsd holds a NUL character at byte 2");
    }
}
