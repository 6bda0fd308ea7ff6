//! The one reader of the table per process, from which all readers of the process hear.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{OnceCell, broadcast, watch};

use super::{EventError, Published, Start, Subscription};
use crate::store::Store;

/// Events read by one statement.
const PAGE: u64 = 256;
/// Pause after the table could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// The settings of a feed; start from the default and change fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedOptions {
    /// How often the table is looked at for events of other processes; 1 s by default.
    pub poll: Duration,
    /// Events that a reader may be behind before it has to read the table itself; 256 by default.
    pub behind: usize,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self { poll: Duration::from_secs(1), behind: 256 }
    }
}

/// Reads the table `event` in order and hands what is new to all readers of the process.
///
/// It begins with the first reader. Nothing waits for a reader: the channel is a ring.
#[derive(Debug)]
pub struct Feed {
    store: Store,
    options: FeedOptions,
    sender: broadcast::Sender<Arc<Published>>,
    /// Sequence id of the last event that was handed out.
    position: Arc<AtomicI64>,
    started: OnceCell<Task>,
}

/// Ends with the feed.
#[derive(Debug)]
struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Feed {
    /// Makes a feed of the store's events.
    #[must_use]
    pub fn new(store: Store, options: FeedOptions) -> Self {
        Self {
            store,
            options,
            sender: broadcast::Sender::new(options.behind.max(1)),
            position: Arc::default(),
            started: OnceCell::new(),
        }
    }

    /// Returns the settings.
    #[must_use]
    pub fn options(&self) -> FeedOptions {
        self.options
    }

    /// Tells that the table has something new, of another process.
    pub fn wake(&self) {
        self.store.announce_events();
    }

    /// Hands an event that is not in the table to the readers.
    pub(super) fn pass(&self, event: Published) {
        // Without readers there is nobody to tell.
        let _ = self.sender.send(Arc::new(event));
    }

    /// Adds a reader.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn subscribe(feed: &Arc<Self>, start: Start) -> Result<Subscription, EventError> {
        feed.started.get_or_try_init(|| feed.begin()).await?;
        let receiver = feed.sender.subscribe();
        let now = feed.position.load(Ordering::Acquire);
        Ok(Subscription::new(Arc::clone(feed), feed.store.clone(), receiver, start, now))
    }

    async fn begin(&self) -> Result<Task, EventError> {
        let newest = self.store.newest_event().await?;
        self.position.store(newest, Ordering::Release);
        let follow = Follow {
            store: self.store.clone(),
            poll: self.options.poll,
            sender: self.sender.clone(),
            position: Arc::clone(&self.position),
            news: self.store.event_news(),
        };
        Ok(Task(tokio::spawn(follow.run())))
    }
}

/// What the task of a feed has.
struct Follow {
    store: Store,
    poll: Duration,
    sender: broadcast::Sender<Arc<Published>>,
    position: Arc<AtomicI64>,
    news: watch::Receiver<()>,
}

impl Follow {
    async fn run(mut self) {
        loop {
            let after = self.position.load(Ordering::Acquire);
            let events = match self.store.events_after(after, PAGE).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, "cannot read live events");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            if events.is_empty() {
                // What came since the last wait has changed the channel's version, so that it is not missed.
                let _ = tokio::time::timeout(self.poll, self.news.changed()).await;
                continue;
            }
            for event in events {
                let sequence = event.sequence();
                // Without readers there is nobody to tell.
                let _ = self.sender.send(Arc::new(event));
                if let Some(sequence) = sequence {
                    self.position.store(sequence, Ordering::Release);
                }
            }
            // Readers get their turn between two pages, so that a burst does not overrun all of them.
            tokio::task::yield_now().await;
        }
    }
}
