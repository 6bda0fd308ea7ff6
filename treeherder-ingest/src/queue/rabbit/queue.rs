//! The handle of a process.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::RabbitOptions;
use super::envelope::{Death, Envelope};
use super::feed::Feed;
use super::session::Session;
use super::topology::Place;
use crate::pulse::end;
use crate::queue::message::storable_error;
use crate::queue::wake::WakeUps;
use crate::queue::{
    Burial, Clock, DeadLetter, Delivery, Depth, Message, Page, Priority, Queue, QueueError, QueueName,
    Receipt, Retry, SystemClock, WakeUp,
};

/// Queues on RabbitMQ.
///
/// Nothing is done before the first operation, and every operation connects again when the connection is gone. A
/// lease lasts as long as the connection over which the message came: the broker takes back what a dead process
/// held, counts that as an attempt (for messages that were only prefetched as well) and hands it out again, so
/// [`reclaim`](Queue::reclaim) has nothing to do. Where a message is published anew (retry, release, dead letter)
/// the old one is acknowledged after the new one is confirmed: a crash in between leaves two.
#[derive(Clone)]
pub struct RabbitQueue {
    pub(super) options: Arc<RabbitOptions>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) wake_ups: Arc<WakeUps>,
    session: Arc<tokio::sync::Mutex<Option<Arc<Session>>>>,
    demands: Arc<Mutex<[u16; QueueName::COUNT]>>,
    next_token: Arc<AtomicI64>,
    last_dead: Arc<AtomicI64>,
}

impl fmt::Debug for RabbitQueue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RabbitQueue").field("options", &self.options).finish_non_exhaustive()
    }
}

impl RabbitQueue {
    /// Uses the broker of `options`; connects when first needed.
    #[must_use]
    pub fn new(options: RabbitOptions) -> Self {
        Self::with_clock(options, Arc::new(SystemClock))
    }

    /// As [`new`](Self::new), with another clock.
    #[must_use]
    pub fn with_clock(options: RabbitOptions, clock: Arc<dyn Clock>) -> Self {
        Self {
            options: Arc::new(options),
            clock,
            wake_ups: Arc::default(),
            session: Arc::default(),
            demands: Arc::default(),
            next_token: Arc::new(AtomicI64::new(1)),
            last_dead: Arc::default(),
        }
    }

    /// Connects if there is no connection, so that an unreachable broker is told at start.
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses the user.
    pub async fn check(&self) -> Result<(), QueueError> {
        self.session().await.map(|_| ())
    }

    /// Ends the connection in order; what is held goes back to the broker. The next operation connects again.
    pub async fn close(&self) {
        let session = self.session.lock().await.take();
        if let Some(session) = session {
            end(&session.connection).await;
        }
    }

    /// Returns the living session, or opens one.
    pub(super) async fn session(&self) -> Result<Arc<Session>, QueueError> {
        let mut current = self.session.lock().await;
        if let Some(session) = current.as_ref().filter(|session| session.is_alive()) {
            return Ok(Arc::clone(session));
        }
        if let Some(ended) = current.take() {
            tracing::warn!(broker = %self.options.url, "the connection to the broker is gone, connecting again");
            end(&ended.connection).await;
        }
        let session = Arc::new(Session::open(Arc::clone(&self.options)).await?);
        *current = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Returns the living consumers of a queue, and starts them first.
    async fn feeds(&self, session: &Arc<Session>, queue: QueueName) -> Result<Vec<Arc<Feed>>, QueueError> {
        let demand = self.demands.lock().unwrap_or_else(PoisonError::into_inner)[queue.index()];
        let prefetch = if demand > 0 { demand } else { self.options.prefetch };
        let start = |priority| {
            let token = self.next_token.fetch_add(1, Ordering::Relaxed);
            let (clock, wake_ups) = (Arc::clone(&self.clock), Arc::clone(&self.wake_ups));
            let session = Arc::downgrade(session);
            async move { Feed::start(session, (queue, priority), token, prefetch, (clock, wake_ups)).await }
        };
        session.consumers.of_queue(queue, start).await
    }

    /// Adds where an envelope goes next.
    pub(super) fn addressed(&self, session: &Session, envelope: Envelope) -> (Place, Envelope) {
        let place = match envelope.dead {
            Some(_) => Place::Dead(envelope.queue),
            None => {
                let Envelope { queue, priority, due, .. } = envelope;
                self.options.place(queue, priority, due, self.clock.now(), |place| session.is_silent(place))
            }
        };
        (place, envelope)
    }

    /// Publishes envelopes and wakes their consumers in this process.
    pub(super) async fn send(
        &self,
        operation: &'static str,
        envelopes: Vec<Envelope>,
    ) -> Result<(), QueueError> {
        if envelopes.is_empty() {
            return Ok(());
        }
        let session = self.session().await?;
        let letters: Vec<_> =
            envelopes.into_iter().map(|envelope| self.addressed(&session, envelope)).collect();
        session.publish(operation, &letters).await?;
        for (place, envelope) in &letters {
            if matches!(place, Place::Work(..)) {
                self.wake_ups.wake(envelope.queue);
            }
        }
        Ok(())
    }

    /// Makes the mark of a new dead letter; ids grow, and stay exact in JavaScript.
    pub(super) fn death(&self) -> Death {
        let now = self.clock.now();
        // A thousand a millisecond; where in it a process starts is left to chance, because others count as well.
        let earliest = now.saturating_mul(1_000) + fastrand::i64(0..500);
        let next = |last: i64| Some((last + 1).max(earliest));
        let last = self.last_dead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        Death { id: (last.unwrap_or(0) + 1).max(earliest), since: now }
    }

    fn checked(&self, message: &Message) -> Result<Envelope, QueueError> {
        message.check()?;
        if message.payload.len() > self.options.max_message_bytes {
            return Err(QueueError::TooLarge { queue: message.queue, bytes: message.payload.len() });
        }
        Ok(Envelope::new(message, self.clock.now()))
    }
}

#[async_trait]
impl Queue for RabbitQueue {
    async fn publish(&self, messages: &[Message]) -> Result<(), QueueError> {
        let envelopes =
            messages.iter().map(|message| self.checked(message)).collect::<Result<Vec<_>, _>>()?;
        self.send("publish messages", envelopes).await
    }

    async fn publish_dead(&self, messages: &[(Message, String)]) -> Result<(), QueueError> {
        let mut envelopes = Vec::with_capacity(messages.len());
        for (message, error) in messages {
            let mut envelope = self.checked(message)?;
            envelope.error = Some(storable_error(error));
            envelope.dead = Some(self.death());
            envelopes.push(envelope);
        }
        self.send("keep dead letters", envelopes).await
    }

    async fn claim(
        &self,
        queues: &[QueueName],
        limit: usize,
        _lease: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        if queues.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let session = self.session().await?;
        let mut feeds = Vec::with_capacity(2 * queues.len());
        for queue in queues {
            let of_queue = self.feeds(&session, *queue).await?;
            if of_queue.iter().all(|feed| feed.next().is_none()) {
                let settled = of_queue.iter().map(async |feed| {
                    let settled = session.in_time("claim messages", feed.settle_arrivals()).await;
                    settled.inspect_err(|_| feed.give_up())
                });
                try_join_all(settled).await?;
            }
            feeds.extend(of_queue);
        }
        Ok(take(&feeds, limit))
    }

    async fn ack(&self, receipts: &[Receipt]) -> Result<usize, QueueError> {
        self.acknowledge(receipts).await
    }

    async fn retry(&self, retries: &[Retry]) -> Result<usize, QueueError> {
        self.send_on_retries(retries).await
    }

    async fn dead(&self, burials: &[Burial]) -> Result<usize, QueueError> {
        self.bury(burials).await
    }

    async fn release(&self, receipts: &[Receipt]) -> Result<usize, QueueError> {
        self.give_back(receipts).await
    }

    async fn extend(&self, receipts: &[Receipt], _lease: Duration) -> Result<usize, QueueError> {
        Ok(self.held(receipts).await.len())
    }

    async fn reclaim(&self, _everyone: bool) -> Result<u64, QueueError> {
        Ok(0)
    }

    async fn depths(&self) -> Result<Vec<Depth>, QueueError> {
        self.read_depths().await
    }

    async fn dead_letters(&self, queue: QueueName, page: Page) -> Result<Vec<DeadLetter>, QueueError> {
        self.list_dead(queue, page).await
    }

    async fn put_back(&self, queue: QueueName, id: i64) -> Result<bool, QueueError> {
        self.revive(queue, Some(id)).await.map(|revived| revived > 0)
    }

    async fn put_back_all(&self, queue: QueueName) -> Result<u64, QueueError> {
        self.revive(queue, None).await
    }

    async fn discard(&self, queue: QueueName, id: i64) -> Result<bool, QueueError> {
        self.throw_away(queue, id).await
    }

    fn wake_up(&self, queue: QueueName) -> WakeUp {
        self.wake_ups.subscribe(queue)
    }

    fn expect(&self, queue: QueueName, messages: usize) {
        let messages = u16::try_from(messages).unwrap_or(u16::MAX);
        self.demands.lock().unwrap_or_else(PoisonError::into_inner)[queue.index()] = messages;
    }
}

impl RabbitQueue {
    /// Returns the session if there is a living one.
    pub(super) async fn present_session(&self) -> Option<Arc<Session>> {
        self.session.lock().await.as_ref().filter(|session| session.is_alive()).cloned()
    }
}

/// Takes messages from several queues: high priority first, then those due longest.
fn take(feeds: &[Arc<Feed>], limit: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < limit {
        let best = feeds
            .iter()
            .filter_map(|feed| feed.next().map(|(priority, due)| ((priority == Priority::Normal, due), feed)))
            .min_by_key(|(order, _)| *order);
        let Some((_, feed)) = best else { break };
        // Somebody else may have been quicker.
        let Some(held) = feed.take() else { continue };
        taken.push(Delivery {
            message_id: held.envelope.id,
            queue: feed.queue,
            payload: held.envelope.text(),
            priority: held.envelope.priority,
            attempts: held.envelope.attempts.saturating_add(1),
            first_seen: super::depth::moment(held.envelope.first_seen),
            last_error: held.envelope.error.clone(),
            // Delivery tags count from 1 and never get near the limit.
            receipt: Receipt::new(i64::try_from(held.tag).unwrap_or(i64::MAX), feed.token),
        });
    }
    taken
}
