//! A message with what the headers tell about it.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

use crate::queue::message::storable_error;
use crate::queue::{Message, MessageId, Priority, QueueName};

/// Marks a message as one to be written to disk.
const PERSISTENT: u8 = 2;

const ATTEMPTS: &str = "attempts";
const FIRST_SEEN: &str = "first-seen";
const DUE: &str = "due";
const PRIORITY: &str = "urgency";
const ERROR: &str = "error";
const DEAD_ID: &str = "dead-id";
const DEAD_SINCE: &str = "dead-since";
/// Counted by the broker: how often a message was handed out and came back unsettled.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// A message as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) id: MessageId,
    pub(super) queue: QueueName,
    pub(super) payload: Vec<u8>,
    pub(super) priority: Priority,
    /// Hand-outs so far.
    pub(super) attempts: u32,
    /// Milliseconds since the epoch, as all times here.
    pub(super) first_seen: i64,
    pub(super) due: i64,
    pub(super) error: Option<String>,
    pub(super) dead: Option<Death>,
}

/// What is known about a dead letter only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Death {
    pub(super) id: i64,
    pub(super) since: i64,
}

impl Envelope {
    pub(super) fn new(message: &Message, now: i64) -> Self {
        Self {
            id: MessageId::random(now),
            queue: message.queue,
            payload: message.payload.clone().into_bytes(),
            priority: message.priority,
            attempts: 0,
            first_seen: now,
            due: now.saturating_add(crate::queue::clock::milliseconds(message.delay)),
            error: None,
            dead: None,
        }
    }

    /// Reads what arrived; a message of a stranger without headers counts as published `now`.
    pub(super) fn read(queue: QueueName, properties: &BasicProperties, payload: Vec<u8>, now: i64) -> Self {
        let headers = properties.headers().clone().unwrap_or_default();
        let number = |name: &str| headers.inner().get(name).and_then(integer);
        let dead = number(DEAD_ID).map(|id| Death { id, since: number(DEAD_SINCE).unwrap_or(now) });
        let handed_out = number(ATTEMPTS).unwrap_or(0);
        // What browsing a dead letter adds is no attempt.
        let came_back = if dead.is_some() { 0 } else { number(DELIVERY_COUNT).unwrap_or(0) };
        let id = properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
        Self {
            id: id.unwrap_or_else(|| MessageId::of_content(&payload)),
            queue,
            payload,
            priority: Priority::from_number(if number(PRIORITY).unwrap_or(0) > 0 { 1 } else { 0 }),
            attempts: u32::try_from((handed_out + came_back).max(0)).unwrap_or(u32::MAX),
            first_seen: number(FIRST_SEEN).unwrap_or(now),
            due: number(DUE).unwrap_or(now),
            error: headers.inner().get(ERROR).and_then(text),
            dead,
        }
    }

    pub(super) fn properties(&self) -> BasicProperties {
        let mut headers = FieldTable::default();
        let mut number = |name: &str, number: i64| {
            headers.insert(name.into(), AMQPValue::LongLongInt(number));
        };
        number(ATTEMPTS, i64::from(self.attempts));
        number(FIRST_SEEN, self.first_seen);
        number(DUE, self.due);
        number(PRIORITY, i64::from(self.priority.as_number()));
        if let Some(Death { id, since }) = self.dead {
            number(DEAD_ID, id);
            number(DEAD_SINCE, since);
        }
        if let Some(error) = &self.error {
            headers.insert(ERROR.into(), AMQPValue::LongString(error.as_str().into()));
        }
        BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_message_id(self.id.to_string().into())
            .with_content_type("application/json".into())
            .with_headers(headers)
    }

    pub(super) fn with_error(mut self, error: &str) -> Self {
        self.error = Some(storable_error(error));
        self
    }

    /// Returns the payload as text; what is no UTF-8, from a stranger, is repaired visibly.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }
}

fn integer(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::ShortShortInt(number) => Some(i64::from(*number)),
        AMQPValue::ShortShortUInt(number) => Some(i64::from(*number)),
        AMQPValue::ShortInt(number) => Some(i64::from(*number)),
        AMQPValue::ShortUInt(number) => Some(i64::from(*number)),
        AMQPValue::LongInt(number) => Some(i64::from(*number)),
        AMQPValue::LongUInt(number) => Some(i64::from(*number)),
        AMQPValue::LongLongInt(number) => Some(*number),
        _ => None,
    }
}

fn text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_survives_the_way_through_the_headers() {
        let message = Message::new(QueueName::Statsd, "é").with_priority(Priority::High);
        let mut envelope = Envelope::new(&message, 7).with_error("a\0b");
        envelope.attempts = 3;
        for dead in [None, Some(Death { id: 5, since: 9 })] {
            envelope.dead = dead;
            let read =
                Envelope::read(QueueName::Statsd, &envelope.properties(), envelope.payload.clone(), 1_000);
            assert_eq!(read, envelope);
        }
        assert_eq!(envelope.error.as_deref(), Some("a\u{fffd}b"));
    }

    #[test]
    fn a_stranger_s_message_needs_no_headers_and_returns_count_as_attempts() {
        let mut properties = BasicProperties::default();
        let read = |properties: &BasicProperties| {
            Envelope::read(QueueName::Statsd, properties, b"{}".to_vec(), 1_000)
        };
        let envelope = read(&properties);
        assert_eq!((envelope.attempts, envelope.first_seen, envelope.due), (0, 1_000, 1_000));
        let mut headers = FieldTable::default();
        headers.insert(ATTEMPTS.into(), AMQPValue::LongInt(2));
        headers.insert(DELIVERY_COUNT.into(), AMQPValue::LongLongInt(3));
        properties = properties.with_headers(headers);
        assert_eq!(read(&properties).attempts, 5);
    }
}
