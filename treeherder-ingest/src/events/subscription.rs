//! One reader's way through the events.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{EventError, Feed, Published};
use crate::store::Store;

/// Events that a reader who is behind takes from the table at once.
const PAGE: u64 = 32;

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the next event.
    Now,
    /// Behind the event of this sequence id, the last one that the reader has seen.
    After(i64),
}

/// What a reader is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// An event.
    Event(Arc<Published>),
    /// Events between are not kept any more: whoever shows state has to ask for it anew. Reading goes on behind `newest`.
    Gap {
        /// Last event that the reader has seen.
        after: i64,
        /// Newest event there is.
        newest: i64,
    },
}

/// A reader of the bus: every event from its start on, once, in the order of the sequence ids.
///
/// It takes events from the feed's channel. When it is too slow for that, or begins with an event of the past, it reads
/// them from the table until it is abreast again.
#[derive(Debug)]
pub struct Subscription {
    /// Keeps the feed going.
    _feed: Arc<Feed>,
    store: Store,
    receiver: Receiver<Arc<Published>>,
    /// Sequence id of the last event told.
    position: i64,
    from_table: bool,
    page: VecDeque<Arc<Published>>,
}

impl Subscription {
    pub(super) fn new(
        feed: Arc<Feed>,
        store: Store,
        receiver: Receiver<Arc<Published>>,
        start: Start,
        now: i64,
    ) -> Self {
        let (position, from_table) = match start {
            Start::Now => (now, false),
            Start::After(sequence) => (sequence, true),
        };
        Self { _feed: feed, store, receiver, position, from_table, page: VecDeque::new() }
    }

    /// Returns the sequence id after which the next event comes.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Waits for the next event or gap. Nothing is lost when the future is dropped before.
    ///
    /// # Errors
    /// When the table has to be read and cannot; another call tries again.
    pub async fn next(&mut self) -> Result<Told, EventError> {
        loop {
            if let Some(event) = self.page.pop_front() {
                self.position = event.sequence().unwrap_or(self.position);
                return Ok(Told::Event(event));
            }
            if self.from_table {
                if let Some(gap) = self.turn_page().await? {
                    return Ok(gap);
                }
                continue;
            }
            match self.receiver.recv().await {
                // Told already, from the table.
                Ok(event) if event.sequence().is_some_and(|sequence| sequence <= self.position) => {}
                Ok(event) => {
                    self.position = event.sequence().unwrap_or(self.position);
                    return Ok(Told::Event(event));
                }
                Err(RecvError::Lagged(_)) => self.from_table = true,
                // The feed is kept by this reader, and so is its channel.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Reads the next events from the table; an empty page leads back to the channel.
    async fn turn_page(&mut self) -> Result<Option<Told>, EventError> {
        let events = self.store.events_after(self.position, PAGE).await?;
        // Asked for after the page was read: the table may be cut off between, and the page would begin behind a hole.
        let (oldest, newest) = self.store.event_range().await?;
        // Ids are given without holes except for those of failed transactions; before the oldest row nothing is kept.
        // A position beyond the newest row is one of another database.
        let is_lost = self.position > newest || (oldest > self.position + 1 && oldest > 1);
        if is_lost {
            let gap = Told::Gap { after: self.position, newest };
            self.position = newest;
            return Ok(Some(gap));
        }
        self.from_table = !events.is_empty();
        self.page.extend(events.into_iter().map(Arc::new));
        Ok(None)
    }
}
