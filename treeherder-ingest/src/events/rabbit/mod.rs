//! The bus of many processes: a topic exchange on RabbitMQ (§4.2).

mod exchange;
mod listen;
mod relay;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OnceCell, watch};
use tokio_util::task::AbortOnDropHandle;

use super::{Event, EventBus, EventError, Feed, FeedOptions, LocalBus, Start, Subscription};
use crate::pulse::AmqpUrl;
use crate::store::Store;

/// Longest wait of the first reader for the queue on the broker; the table is read in any case.
const BINDING_TIME: Duration = Duration::from_secs(5);

/// The exchange that events are published on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EventExchange {
    /// Where the broker is, and as whom; the path names the virtual host.
    pub url: AmqpUrl,
    /// Name of the topic exchange; `events` by default.
    pub name: String,
    /// How long the broker may take to confirm; 5 s by default.
    pub confirm_timeout: Duration,
    /// Pause after the broker could not be reached, before it is asked again; 2 s by default.
    pub pause: Duration,
    /// How long other processes leave publishing to one that does not end its turn, because it was killed for example; 15 s
    /// by default, and more than [`confirm_timeout`](Self::confirm_timeout).
    pub turn: Duration,
}

impl EventExchange {
    /// Returns the defaults for a broker.
    #[must_use]
    pub fn new(url: AmqpUrl) -> Self {
        let (confirm_timeout, pause, turn) =
            (Duration::from_secs(5), Duration::from_secs(2), Duration::from_secs(15));
        Self { url, name: "events".to_owned(), confirm_timeout, pause, turn }
    }
}

/// Has events published on the exchange as well, and hears of those of other processes through a queue of its own.
///
/// Publishing is the work of a task of its own, so that nobody who ingests waits for the broker; it begins behind the last
/// event that is known to be on the exchange, whichever process has stored the others.
///
/// A message of ours says in its header `sequence` which row it is; it wakes the feed, which reads the row. Messages
/// without that header, from programs that know the exchange only, are handed to readers as they are.
///
/// The exchange is a way to be told at once, not the only one: while the broker cannot be reached, readers get events
/// of other processes from the table, at most [`FeedOptions::poll`] later.
#[derive(Debug)]
pub struct RabbitBus {
    local: LocalBus,
    exchange: EventExchange,
    _relay: AbortOnDropHandle<()>,
    listening: OnceCell<(AbortOnDropHandle<()>, watch::Receiver<bool>)>,
}

impl RabbitBus {
    /// Makes the bus; it connects when first needed, and anew whenever the connection ends.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[must_use]
    pub fn new(store: Store, exchange: EventExchange, options: FeedOptions) -> Self {
        let relay = relay::run(store.clone(), exchange.clone(), options.poll);
        Self {
            local: LocalBus::with_options(store, options),
            _relay: AbortOnDropHandle::new(tokio::spawn(relay)),
            exchange,
            listening: OnceCell::new(),
        }
    }

    /// Starts to listen to the exchange, once, and waits a little until nothing published from now on is missed.
    async fn listen(&self) {
        let start = || async {
            let (bound, is_bound) = watch::channel(false);
            let listening = listen::run(self.exchange.clone(), Arc::clone(self.local.feed()), bound);
            (AbortOnDropHandle::new(tokio::spawn(listening)), is_bound)
        };
        let (_, is_bound) = self.listening.get_or_init(start).await;
        let mut is_bound = is_bound.clone();
        let _ = tokio::time::timeout(BINDING_TIME, is_bound.wait_for(|bound| *bound)).await;
    }
}

#[async_trait]
impl EventBus for RabbitBus {
    async fn publish(&self, events: &[Event]) -> Result<(), EventError> {
        self.local.publish(events).await
    }

    async fn subscribe(&self, start: Start) -> Result<Subscription, EventError> {
        self.listen().await;
        Feed::subscribe(self.local.feed(), start).await
    }
}
