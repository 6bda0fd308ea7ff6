//! From the table to the exchange, each event at least once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::Utc;

use super::EventExchange;
use super::exchange::Publisher;
use crate::events::EventError;
use crate::store::Store;

/// Events published in one turn.
const PAGE: u64 = 256;
/// Pause before another process is asked again whether its turn is over. It goes on until all is published, ours as well, so
/// that nobody waits for this; looking more often would only be work for the database, from every process at once.
const BUSY: Duration = Duration::from_millis(250);

/// What came of an attempt.
enum Attempt {
    /// The exchange has been told of everything.
    Done,
    /// There may be more.
    More,
    /// It is the turn of another process.
    Busy,
}

/// Publishes what the table has and the exchange has not, for ever; looks anew when the process has stored something, and
/// after `poll`.
pub(super) async fn run(store: Store, exchange: EventExchange, poll: Duration) {
    let mut relay = Relay {
        owner: owner(),
        turn: i64::try_from(exchange.turn.as_millis()).unwrap_or(i64::MAX),
        pause: exchange.pause,
        publisher: Publisher::new(exchange),
        store,
    };
    let mut news = relay.store.event_news();
    loop {
        match relay.attempt().await {
            Ok(Attempt::Done) => {
                // What was stored since the last wait has changed the channel's version, so that it is not missed.
                let _ = tokio::time::timeout(poll, news.changed()).await;
            }
            Ok(Attempt::More) => {}
            Ok(Attempt::Busy) => tokio::time::sleep(BUSY).await,
            Err(error) => {
                tracing::warn!(%error, "events are stored, but not on the exchange yet");
                tokio::time::sleep(relay.pause).await;
            }
        }
    }
}

struct Relay {
    owner: String,
    /// Milliseconds.
    turn: i64,
    pause: Duration,
    publisher: Publisher,
    store: Store,
}

impl Relay {
    /// Publishes a page of events, if there are any and no other process does.
    ///
    /// The position is noted after the broker has confirmed. A process that dies before that leaves the page to the next
    /// one, which publishes it again: whatever one publishes begins behind events that are all on the exchange.
    async fn attempt(&mut self) -> Result<Attempt, EventError> {
        if self.store.newest_event().await? <= self.store.relayed_event().await? {
            return Ok(Attempt::Done);
        }
        let now = Utc::now().timestamp_millis();
        let turn = self.store.take_relay_turn(&self.owner, now, now.saturating_add(self.turn)).await?;
        let Some(position) = turn else { return Ok(Attempt::Busy) };
        let told = self.tell(position).await;
        let reached = told.as_ref().map_or(position, |reached| *reached);
        // In any case, so that others need not wait for the end of the lease.
        self.store.end_relay_turn(&self.owner, reached).await?;
        told.map(|_| Attempt::More)
    }

    /// Publishes the events behind a position and returns that of the last one.
    async fn tell(&mut self, position: i64) -> Result<i64, EventError> {
        let events = self.store.events_after(position, PAGE).await?;
        let Some(last) = events.last().and_then(crate::events::Published::sequence) else {
            return Ok(position);
        };
        self.publisher.publish(&events).await?;
        Ok(last)
    }
}

/// A name that no other relay has.
fn owner() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let nanos = Utc::now().timestamp_nanos_opt().unwrap_or_default();
    format!("{}-{nanos}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}
