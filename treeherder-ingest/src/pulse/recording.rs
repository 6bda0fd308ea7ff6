//! Recorded messages: one JSON object a line.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use super::{Acknowledge, Delivery, Incoming, Received, SourceError};

/// One recorded message.
///
/// `{"exchange": "exchange/…", "routing_key": "…", "cc": ["route.…"], "root_url": "https://…", "at": 1.5, "body": {…}}`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Exchange it was published to.
    pub exchange: String,
    /// Its routing key.
    pub routing_key: String,
    /// Further routing keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Root URL of the Taskcluster deployment it came from.
    pub root_url: String,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<RecordedAt>,
    /// Its body.
    pub body: Value,
}

/// When a recorded message arrived.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RecordedAt {
    /// Seconds since the recording began.
    Seconds(f64),
    /// A moment, RFC 3339; replayed relative to the first such moment of the recording.
    Moment(DateTime<Utc>),
}

impl Recording {
    /// Reads a line.
    pub(super) fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}

impl From<Recording> for Delivery {
    fn from(recording: Recording) -> Self {
        Self {
            exchange: recording.exchange,
            routing_key: recording.routing_key,
            cc: recording.cc,
            root_url: recording.root_url,
            body: recording.body.to_string().into_bytes(),
        }
    }
}

/// What a source inside the process has handed out and not heard of yet.
///
/// It stands in for what a broker does with unacknowledged deliveries.
#[derive(Debug, Default)]
pub(super) struct Pending {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    out: usize,
    returned: VecDeque<Incoming>,
}

impl Pending {
    fn state(&self) -> MutexGuard<'_, State> {
        // Counts and queue are changed together, without anything in between that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_returned(&self) -> Option<Incoming> {
        self.state().returned.pop_front()
    }

    /// Tells whether nothing is out and nothing came back.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        state.out == 0 && state.returned.is_empty()
    }

    pub(super) fn hand_out(self: &Arc<Self>, incoming: Incoming) -> Received {
        self.state().out += 1;
        let slip = Slip { pending: Arc::clone(self), incoming: Some(incoming.clone()) };
        Received::new(incoming, Box::new(slip))
    }

    /// Waits until something was settled; what was settled since the last wait counts.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// Settles one delivery; a delivery that is dropped unsettled comes back, as with a broker.
struct Slip {
    pending: Arc<Pending>,
    incoming: Option<Incoming>,
}

impl Drop for Slip {
    fn drop(&mut self) {
        let mut state = self.pending.state();
        state.out -= 1;
        if let Some(incoming) = self.incoming.take() {
            state.returned.push_back(incoming);
        }
        drop(state);
        self.pending.changed.notify_one();
    }
}

#[async_trait]
impl Acknowledge for Slip {
    async fn ack(mut self: Box<Self>) -> Result<(), SourceError> {
        self.incoming = None;
        Ok(())
    }

    async fn retry(self: Box<Self>) -> Result<(), SourceError> {
        Ok(())
    }
}
