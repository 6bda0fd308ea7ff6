//! Messages as Pulse delivers them.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One message with its address and its moment; one line of a replay file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Exchange.
    pub exchange: String,
    /// Routing key.
    pub routing_key: String,
    /// Further routing keys.
    #[serde(default)]
    pub cc: Vec<String>,
    /// Taskcluster root URL of the source.
    pub root_url: String,
    /// Seconds after the start of the replay.
    pub at: f64,
    /// Body, when it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Body, when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl Message {
    /// Returns the bytes of the body.
    pub fn payload(&self) -> Vec<u8> {
        match (&self.body, &self.raw) {
            (Some(body), _) => body.to_string().into_bytes(),
            (None, raw) => raw.clone().unwrap_or_default().into_bytes(),
        }
    }

    /// Writes messages as a replay file: one JSON object per line.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_lines<'a>(
        messages: impl IntoIterator<Item = &'a Self>,
        mut writer: impl Write,
    ) -> io::Result<()> {
        for message in messages {
            serde_json::to_writer(&mut writer, message)?;
            writer.write_all(b"\n")?;
        }
        writer.flush()
    }

    /// Reads a replay file.
    ///
    /// # Errors
    /// The first line that is no message.
    pub fn read_lines(text: &str) -> serde_json::Result<Vec<Self>> {
        text.lines().map(serde_json::from_str).collect()
    }
}
