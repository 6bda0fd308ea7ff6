//! What a source hands out.

use async_trait::async_trait;
use thiserror::Error;

/// A message from Pulse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Exchange it was published to.
    pub exchange: String,
    /// Its routing key.
    pub routing_key: String,
    /// Further routing keys (the `CC` header); Taskcluster puts the routes of a task there.
    pub cc: Vec<String>,
    /// Root URL of the Taskcluster deployment that the source belongs to.
    pub root_url: String,
    /// Its body as it arrived; JSON, unless something is wrong with it.
    pub body: Vec<u8>,
}

/// Something that arrived and is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where it was found, `events.jsonl:17`.
    pub place: String,
    /// What is wrong with it.
    pub error: String,
    /// What arrived.
    pub raw: Vec<u8>,
}

/// What arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message.
    Delivery(Delivery),
    /// Something else, to be kept as a dead letter.
    Broken(Broken),
}

/// A source failed; it may recover.
#[derive(Debug, Error)]
#[error("{place}: {reason}")]
pub struct SourceError {
    /// Which source, file or connection.
    pub place: String,
    /// What went wrong.
    pub reason: String,
}

/// Tells a source what became of one delivery.
#[async_trait]
pub trait Acknowledge: Send + Sync {
    /// Forgets the delivery: it is safe elsewhere.
    async fn ack(self: Box<Self>) -> Result<(), SourceError>;

    /// Hands the delivery out again, now or to somebody else.
    async fn retry(self: Box<Self>) -> Result<(), SourceError>;

    /// Names the channel that the delivery came over, where one word to it acknowledges all that came before as well.
    fn channel(&self) -> Option<u64> {
        None
    }

    /// Forgets the delivery and all that came before over the same [`channel`](Self::channel).
    async fn ack_through(self: Box<Self>) -> Result<(), SourceError> {
        self.ack().await
    }

    /// Leaves the delivery to the [`ack_through`](Self::ack_through) of a later one.
    fn cover(self: Box<Self>) {}
}

/// What arrived, with the duty to settle it.
///
/// Dropping it unsettled is like giving it back: the source hands the delivery out again, sooner or later.
pub struct Received {
    /// What arrived.
    pub incoming: Incoming,
    redelivered: bool,
    settle: Box<dyn Acknowledge>,
}

impl std::fmt::Debug for Received {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Received").field("incoming", &self.incoming).finish_non_exhaustive()
    }
}

impl Received {
    /// Joins what arrived and the way to settle it; for implementations of [`Source`].
    #[must_use]
    pub fn new(incoming: Incoming, settle: Box<dyn Acknowledge>) -> Self {
        Self { incoming, redelivered: false, settle }
    }

    /// Says whether it was handed out before, to us or somebody else.
    #[must_use]
    pub fn with_redelivered(mut self, redelivered: bool) -> Self {
        self.redelivered = redelivered;
        self
    }

    /// Tells whether it was handed out before and not settled.
    #[must_use]
    pub fn is_redelivered(&self) -> bool {
        self.redelivered
    }

    /// Tells the source that the delivery is safe elsewhere.
    ///
    /// # Errors
    /// When the source cannot be told; it will hand the delivery out again.
    pub async fn ack(self) -> Result<(), SourceError> {
        self.settle.ack().await
    }

    /// Tells the source that all these deliveries are safe elsewhere, with one word where the source understands it; returns
    /// what could not be told, which will be handed out again.
    ///
    /// They are in the order in which they were handed out, and none is left that was handed out before them.
    pub async fn ack_all(received: Vec<Self>) -> Vec<SourceError> {
        let mut errors = Vec::new();
        let mut received = received.into_iter().map(|received| received.settle).peekable();
        while let Some(settle) = received.next() {
            let channel = settle.channel();
            let settled = match (channel, received.peek()) {
                (Some(_), Some(next)) if next.channel() == channel => {
                    settle.cover();
                    continue;
                }
                (Some(_), _) => settle.ack_through().await,
                (None, _) => settle.ack().await,
            };
            errors.extend(settled.err());
        }
        errors
    }

    /// Gives the delivery back.
    ///
    /// # Errors
    /// When the source cannot be told; it will hand the delivery out again anyway.
    pub async fn retry(self) -> Result<(), SourceError> {
        self.settle.retry().await
    }
}

/// Where deliveries come from.
#[async_trait]
pub trait Source: Send {
    /// Waits for the next delivery; nothing when the source has come to its end and all deliveries are settled.
    ///
    /// Dropping the future loses nothing: the listener does so whenever it has something more urgent to do. After
    /// an error it may be called again.
    async fn next(&mut self) -> Result<Option<Received>, SourceError>;
}

#[async_trait]
impl<S: Source + ?Sized> Source for Box<S> {
    async fn next(&mut self) -> Result<Option<Received>, SourceError> {
        (**self).next().await
    }
}
