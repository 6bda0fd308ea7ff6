//! Where events are published, and the bus of one process.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Event, Feed, FeedOptions, Start, Subscription};
use crate::store::{Store, StoreError};

/// An event that could not be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// It cannot be stored.
    #[error("cannot store an event: {0}")]
    Store(#[from] StoreError),
    /// The broker cannot be reached or refuses.
    #[error("cannot {operation}: {reason}")]
    Broker {
        /// What was tried.
        operation: &'static str,
        /// What came of it, without secrets.
        reason: String,
    },
}

/// Takes events and hands them to readers.
///
/// Implementations differ in how readers of other processes learn of an event; the table `event` is the same for all. Events
/// of changes are not published here: the store writes them with the changes, and every bus of the store tells of them.
#[async_trait]
pub trait EventBus: fmt::Debug + Send + Sync {
    /// Publishes events that tell of no change to the database.
    ///
    /// # Errors
    /// When they cannot be stored. Nothing is published then.
    async fn publish(&self, events: &[Event]) -> Result<(), EventError>;

    /// Starts to read.
    ///
    /// # Errors
    /// When the table cannot be read.
    async fn subscribe(&self, start: Start) -> Result<Subscription, EventError>;
}

/// The bus of one process: readers are woken directly.
///
/// Events that other processes store in the same database arrive too, after at most [`FeedOptions::poll`].
///
/// ```
/// # use std::sync::Arc;
/// # use treeherder_ingest::{events::{Event, EventBus as _, LocalBus, Start, Told}, store::Store};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = Store::connect("sqlite::memory:", 1).await?;
/// # store.migrate().await?;
/// let bus = LocalBus::new(store);
/// let mut reader = bus.subscribe(Start::Now).await?;
/// bus.publish(&[Event::job_failure("try", 4711)]).await?;
/// let Told::Event(event) = reader.next().await? else { panic!("nothing was missed") };
/// assert_eq!((event.branch(), event.name()), ("try", "job_failure"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct LocalBus {
    store: Store,
    feed: Arc<Feed>,
}

impl LocalBus {
    /// Makes the bus of a database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self::with_options(store, FeedOptions::default())
    }

    /// Makes a bus with settings of its own.
    #[must_use]
    pub fn with_options(store: Store, options: FeedOptions) -> Self {
        Self { feed: Arc::new(Feed::new(store.clone(), options)), store }
    }

    pub(super) fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }
}

#[async_trait]
impl EventBus for LocalBus {
    async fn publish(&self, events: &[Event]) -> Result<(), EventError> {
        Ok(self.store.append_events(events).await?)
    }

    async fn subscribe(&self, start: Start) -> Result<Subscription, EventError> {
        Feed::subscribe(&self.feed, start).await
    }
}
