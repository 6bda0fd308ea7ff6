//! What every implementation of the queues does.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    Burial, DeadLetter, Delivery, Depth, Message, MessageId, Page, QueueError, QueueName, Receipt, Retry,
    Waiting, WakeUp,
};

/// The queues, whoever keeps them.
///
/// All operations work on batches, because that is what makes them fast: a table takes one statement per batch, a
/// broker one round trip of confirms. An error means that nothing of the batch is known to have taken effect;
/// doing it again is always allowed, since deliveries are at-least-once anyway.
///
/// For a broker: `publish` waits for the publisher confirms, `claim` takes from what the consumers have prefetched,
/// `retry` is a confirmed publish to the waiting queue of the nearest back-off step followed by an ack, a lease lasts
/// as long as the channel, and `extend` only tells which receipts still belong to a living channel.
#[async_trait]
pub trait Queue: fmt::Debug + Send + Sync {
    /// Publishes all messages or none; returns when they are durable.
    async fn publish(&self, messages: &[Message]) -> Result<(), QueueError>;

    /// Keeps messages as dead letters right away, each with its error.
    async fn publish_dead(&self, messages: &[(Message, String)]) -> Result<(), QueueError>;

    /// Hands out up to `limit` ready messages of `queues`, high priority first, then those due longest.
    ///
    /// Returns at once, with nothing when nothing is ready. The messages are invisible to others for the time of
    /// the lease; whoever needs longer calls [`extend`](Self::extend).
    async fn claim(
        &self,
        queues: &[QueueName],
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Delivery>, QueueError>;

    /// Removes processed messages; returns how many were still held.
    ///
    /// A receipt whose lease ran out *and* whose message was handed out again is not held any more.
    async fn ack(&self, receipts: &[Receipt]) -> Result<usize, QueueError>;

    /// Makes failed messages due again, each after its delay; returns how many were still held.
    async fn retry(&self, retries: &[Retry]) -> Result<usize, QueueError>;

    /// Keeps failed messages as dead letters; returns how many were still held.
    async fn dead(&self, burials: &[Burial]) -> Result<usize, QueueError>;

    /// Gives messages back that were not worked on: due at once, the attempt is not counted.
    async fn release(&self, receipts: &[Receipt]) -> Result<usize, QueueError>;

    /// Prolongs leases to `lease` from now; returns how many were still held.
    async fn extend(&self, receipts: &[Receipt], lease: Duration) -> Result<usize, QueueError>;

    /// Frees the leases that a previous process left behind: those of this handle's owner, or all.
    ///
    /// Called once, before the first claim. `everyone` is for deployments of a single process, where every lease
    /// found at start is stale. Returns how many messages became ready.
    async fn reclaim(&self, everyone: bool) -> Result<u64, QueueError>;

    /// Counts the messages of every queue, in the order of [`QueueName::all`].
    async fn depths(&self) -> Result<Vec<Depth>, QueueError>;

    /// Lists dead letters of a queue, newest first.
    async fn dead_letters(&self, queue: QueueName, page: Page) -> Result<Vec<DeadLetter>, QueueError>;

    /// Puts one dead letter back into its queue with its attempts forgotten; false when there is none with that id.
    async fn put_back(&self, queue: QueueName, id: i64) -> Result<bool, QueueError>;

    /// Puts all dead letters of a queue back; returns how many.
    async fn put_back_all(&self, queue: QueueName) -> Result<u64, QueueError>;

    /// Removes a dead letter for good; false when there is none with that id.
    async fn discard(&self, queue: QueueName, id: i64) -> Result<bool, QueueError>;

    /// Finds a message that waits for its turn or for its time.
    ///
    /// Nothing when it is not there, in someone's hands or a dead letter, or when the backend cannot look for single
    /// messages: a broker cannot.
    async fn find(&self, _message: MessageId) -> Result<Option<Waiting>, QueueError> {
        Ok(None)
    }

    /// Removes a message that [`find`](Self::find) would find, and returns it.
    async fn remove(&self, _message: MessageId) -> Result<Option<Waiting>, QueueError> {
        Ok(None)
    }

    /// Returns what wakes a consumer of `queue` when something was published through this handle.
    fn wake_up(&self, queue: QueueName) -> WakeUp;

    /// Tells how many messages of `queue` this process is going to hold at the same time, before its first claim.
    ///
    /// A broker pushes as many and leaves the others to other processes; a table needs no such hint.
    fn expect(&self, _queue: QueueName, _messages: usize) {}
}
