//! What becomes of a delivery that no work item can be made of: a dead letter that holds all of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{Broken, Delivery};
use crate::queue::{Message, QueueName};

/// Returns the body as text if it is a JSON object, else what it is instead.
pub(super) fn json_object(body: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(body).map_err(|error| format!("not UTF-8: {error}"))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| format!("not JSON: {error}"))?;
    if text.trim_ascii_start().starts_with('{') { Ok(text) } else { Err("not a JSON object".to_owned()) }
}

/// Describes bytes as text where they are text.
fn kept_bytes(bytes: &[u8]) -> (&'static str, Value) {
    match std::str::from_utf8(bytes) {
        Ok(text) => ("text", Value::from(text)),
        Err(_) => ("base64", Value::from(STANDARD.encode(bytes))),
    }
}

/// Keeps a delivery that no work item can be made of, whole.
pub(super) fn kept_delivery(queue: QueueName, delivery: &Delivery) -> Message {
    let (form, body) = kept_bytes(&delivery.body);
    let kept = json!({
        "exchange": delivery.exchange,
        "routing_key": delivery.routing_key,
        "cc": delivery.cc,
        "root_url": delivery.root_url,
        "body": { form: body },
    });
    within_limits(Message::new(queue, kept.to_string()))
}

/// Keeps what was no delivery at all.
pub(super) fn kept_broken(queue: QueueName, broken: &Broken) -> Message {
    let (form, raw) = kept_bytes(&broken.raw);
    within_limits(Message::new(queue, json!({ "place": broken.place, "raw": { form: raw } }).to_string()))
}

fn within_limits(message: Message) -> Message {
    if message.check().is_ok() { message } else { cut(&message) }
}

/// Keeps the beginning of what is larger than any queue takes (and than any message RabbitMQ carries).
pub(super) fn cut(message: &Message) -> Message {
    const KEPT: usize = 1024 * 1024;
    let end = message.payload.floor_char_boundary(KEPT);
    let beginning = message.payload.get(..end).unwrap_or_default();
    let payload = json!({ "bytes": message.payload.len(), "beginning": beginning }).to_string();
    Message::new(message.queue, payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_objects_are_bodies() {
        for body in ["{}", " \n{\"a\": [1e400]}\r\n"] {
            assert_eq!(json_object(body.as_bytes()), Ok(body));
        }
        for (body, reason) in [
            (&b""[..], "not JSON: EOF while parsing a value at line 1 column 0"),
            (b"{} {}", "not JSON: trailing characters at line 1 column 4"),
            (b"\"{}\"", "not a JSON object"),
            (b"null", "not a JSON object"),
            (b"\xff", "not UTF-8: invalid utf-8 sequence of 1 bytes from index 0"),
        ] {
            assert_eq!(json_object(body), Err(reason.to_owned()));
        }
    }

    #[test]
    fn what_is_larger_than_any_message_is_kept_in_part() {
        let message = Message::new(QueueName::Statsd, format!("a{}", "é".repeat(1024 * 1024)));
        let cut = cut(&message);
        assert_eq!(cut.queue, QueueName::Statsd);
        let kept: Value = serde_json::from_str(&cut.payload).unwrap();
        assert_eq!(kept["bytes"], 2 * 1024 * 1024 + 1);
        // The cut falls into the middle of a character, which is left out.
        let beginning = kept["beginning"].as_str().unwrap();
        assert_eq!(beginning.len(), 1024 * 1024 - 1);
        assert!(message.payload.starts_with(beginning));
    }
}
