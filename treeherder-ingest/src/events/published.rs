//! An event on its way to readers.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

/// An event that has been published. Readers share it.
#[derive(Debug)]
pub struct Published {
    sequence: Option<i64>,
    branch: String,
    name: String,
    body: String,
    frame: OnceLock<Bytes>,
}

impl Published {
    /// Takes an event as it is stored.
    pub(crate) fn stored(sequence: i64, branch: String, name: String, body: String) -> Self {
        Self { sequence: Some(sequence), branch, name, body, frame: OnceLock::new() }
    }

    /// Takes the body of a message of somebody else; nothing unless it names an event and a branch.
    pub(crate) fn foreign(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let text = |key| value.get(key).and_then(Value::as_str).filter(|text| is_word(text));
        let (branch, name) = (text("branch")?.to_owned(), text("event")?.to_owned());
        Some(Self { sequence: None, branch, name, body: value.to_string(), frame: OnceLock::new() })
    }

    /// Returns the sequence id, unless the event came from somebody who does not store events.
    #[must_use]
    pub fn sequence(&self) -> Option<i64> {
        self.sequence
    }

    /// Returns the name of the repository.
    #[must_use]
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// Returns the word for what happened.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the body as JSON text without line breaks.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the event as a frame of an event stream (Server-Sent Events), made once for all readers.
    pub fn frame(&self) -> Bytes {
        let make = || {
            let id = self.sequence.map(|sequence| format!("id: {sequence}\n")).unwrap_or_default();
            Bytes::from(format!("{id}event: {}\ndata: {}\n\n", self.name, self.body))
        };
        self.frame.get_or_init(make).clone()
    }
}

/// Tells whether a text can stand in a routing key and in one line of a frame.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && !text.contains(|letter: char| letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_event_of_an_event_stream() {
        let event = Published::stored(7, "try".into(), "job".into(), r#"{"event":"job"}"#.into());
        assert_eq!(event.frame(), "id: 7\nevent: job\ndata: {\"event\":\"job\"}\n\n");
        let foreign = Published::foreign(b"{\"branch\": \"try\",\n \"event\": \"x\"}").unwrap();
        assert_eq!(foreign.frame(), "event: x\ndata: {\"branch\":\"try\",\"event\":\"x\"}\n\n");
        for bad in ["", "[]", r#"{"event": "x"}"#, r#"{"event": "a\nb", "branch": "try"}"#] {
            assert!(Published::foreign(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
