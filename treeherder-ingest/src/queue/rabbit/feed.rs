//! What the broker has pushed to this process for one queue of one priority.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery as AmqpDelivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::RabbitOptions;
use super::envelope::Envelope;
use super::session::{Session, refused};
use super::topology::Place;
use crate::queue::wake::WakeUps;
use crate::queue::{Clock, Priority, QueueError, QueueName};

/// How long the broker may take to close a channel.
const CLOSING: Duration = Duration::from_secs(10);

/// A message that this process holds and the broker does not forget yet.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) tag: u64,
    pub(super) envelope: Arc<Envelope>,
}

/// The prefetched and the claimed messages of one queue of the broker.
///
/// Each has a channel of its own: RabbitMQ 3.10 starts some queues without a leader when it was killed soon after they were declared,
/// and whatever is asked about such a one is answered late or never, with all that is asked after it on the same channel.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) queue: QueueName,
    /// Distinguishes this channel's delivery tags from those of others.
    pub(super) token: i64,
    channel: Channel,
    name: String,
    contents: Arc<Mutex<Contents>>,
    flush: mpsc::UnboundedSender<oneshot::Sender<()>>,
    /// Held while messages are acknowledged: one call must not acknowledge, with all before them, what another is about to.
    acking: tokio::sync::Mutex<()>,
    /// The broker owes an answer for too long.
    given_up: AtomicBool,
    _task: AbortOnDropHandle<()>,
}

#[derive(Debug, Default)]
struct Contents {
    /// Ready, by [`Priority::ALL`]: what comes from a waiting queue comes through that of normal priority.
    ready: [VecDeque<Held>; 2],
    claimed: HashMap<u64, Held>,
}

fn lock(contents: &Mutex<Contents>) -> MutexGuard<'_, Contents> {
    // Nothing panics while the lock is held.
    contents.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What moves deliveries from the consumer to the feed.
struct Mover {
    queue: QueueName,
    channel: Channel,
    contents: Arc<Mutex<Contents>>,
    session: Weak<Session>,
    options: Arc<RabbitOptions>,
    clock: Arc<dyn Clock>,
    wake_ups: Arc<WakeUps>,
}

impl Feed {
    /// Starts to consume a queue.
    ///
    /// Meanwhile the session may end: it is not held while the broker owes an answer.
    pub(super) async fn start(
        session: Weak<Session>,
        (queue, priority): (QueueName, Priority),
        token: i64,
        prefetch: u16,
        (clock, wake_ups): (Arc<dyn Clock>, Arc<WakeUps>),
    ) -> Result<Self, QueueError> {
        let failed = refused("consume a queue");
        let place = Place::Work(queue, priority);
        let (channel, options) = {
            let ended = || QueueError::Broker {
                operation: "consume a queue",
                reason: "the connection has ended".to_owned(),
            };
            let session = session.upgrade().ok_or_else(ended)?;
            session.ensure(&place).await?;
            let channel = session.connection.create_channel().await.map_err(&failed)?;
            (channel, Arc::clone(&session.options))
        };
        let name = place.name(&options.prefix);
        channel.basic_qos(prefetch.max(1), BasicQosOptions::default()).await.map_err(&failed)?;
        let defaults = BasicConsumeOptions::default();
        let consumer =
            channel.basic_consume(name.as_str().into(), "".into(), defaults, FieldTable::default());
        let consumer = consumer.await.map_err(&failed)?;
        let contents = Arc::<Mutex<Contents>>::default();
        let (flush, flushes) = mpsc::unbounded_channel();
        let mover = Mover {
            queue,
            channel: channel.clone(),
            contents: Arc::clone(&contents),
            session,
            options,
            clock,
            wake_ups,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(mover.run(consumer, flushes)));
        let feed = Self {
            queue,
            token,
            channel,
            name,
            contents,
            flush,
            acking: tokio::sync::Mutex::default(),
            given_up: AtomicBool::new(false),
            _task: task,
        };
        // Else the first claim would find whichever messages had come by then, in no order.
        feed.settle_arrivals().await?;
        Ok(feed)
    }

    pub(super) fn is_alive(&self) -> bool {
        self.channel.status().connected() && !self.flush.is_closed() && !self.given_up.load(Ordering::Relaxed)
    }

    /// Lets another consumer take the place of this one; what it has goes back to the broker.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
        tokio::spawn(close(self.channel.clone(), "no answer"));
    }

    /// Waits until everything that the broker had for this consumer when it was called has arrived.
    ///
    /// The process of the broker that keeps a queue hands messages to the process of the channel, which passes them on
    /// one after the other. A question about the queue is answered by the former, past the messages that wait in the
    /// latter; when the answer has come they are there, though, and are sent before the next question is even read. So it
    /// is asked twice.
    pub(super) async fn settle_arrivals(&self) -> Result<(), QueueError> {
        for _ in 0..2 {
            let options = QueueDeclareOptions::durable().passive();
            let asked = self.channel.queue_declare(self.name.as_str().into(), options, FieldTable::default());
            asked.await.map_err(refused("claim messages"))?;
        }
        let (done, moved) = oneshot::channel();
        if self.flush.send(done).is_ok() {
            // An error means that the consumer has ended: nothing more arrives.
            let _ = moved.await;
        }
        Ok(())
    }

    /// Returns priority and due time of the message that is next.
    pub(super) fn next(&self) -> Option<(Priority, i64)> {
        let contents = lock(&self.contents);
        let next = contents.ready.iter().find_map(VecDeque::front);
        next.map(|held| (held.envelope.priority, held.envelope.due))
    }

    /// Takes the message that is next.
    pub(super) fn take(&self) -> Option<Held> {
        let mut contents = lock(&self.contents);
        let held = contents.ready.iter_mut().find_map(VecDeque::pop_front)?;
        contents.claimed.insert(held.tag, held.clone());
        Some(held)
    }

    /// Returns a claimed message, unless it was settled or has gone back to the broker.
    pub(super) fn claimed(&self, tag: u64) -> Option<Held> {
        if self.is_alive() { lock(&self.contents).claimed.get(&tag).cloned() } else { None }
    }

    /// Tells the broker to forget claimed messages; returns how many of them had not gone back already.
    pub(super) async fn forget(&self, tags: &[u64]) -> usize {
        let _acking = self.acking.lock().await;
        let (held, unsettled) = {
            let mut contents = lock(&self.contents);
            let mut held = tags.to_vec();
            held.retain(|tag| contents.claimed.remove(tag).is_some());
            // Whatever arrives from now on has a higher tag than any that was claimed.
            let ready = contents.ready.iter().flatten().map(|held| held.tag);
            (held, contents.claimed.keys().copied().chain(ready).min().unwrap_or(u64::MAX))
        };
        let (together, single): (Vec<_>, Vec<_>) = held.into_iter().partition(|tag| *tag < unsettled);
        let mut forgotten = 0;
        // The broker notes every acknowledgement by itself, of one message or of many.
        if let Some(last) = together.iter().copied().max() {
            let acked = self.channel.basic_ack(last, BasicAckOptions { multiple: true }).await;
            forgotten += if acked.is_ok() { together.len() } else { 0 };
        }
        for tag in single {
            forgotten += usize::from(self.channel.basic_ack(tag, BasicAckOptions::default()).await.is_ok());
        }
        forgotten
    }

    /// Returns the number of ready and of claimed messages and when the oldest ready one was due.
    pub(super) fn counts(&self) -> (u64, u64, Option<i64>) {
        let contents = lock(&self.contents);
        let ready: usize = contents.ready.iter().map(VecDeque::len).sum();
        let oldest = contents.ready.iter().flatten().map(|held| held.envelope.due).min();
        (ready as u64, contents.claimed.len() as u64, oldest)
    }
}

impl Mover {
    async fn run(self, mut deliveries: Consumer, mut flushes: mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
        loop {
            tokio::select! {
                // A flush is answered when nothing is left to be moved.
                biased;
                next = deliveries.next() => match next {
                    Some(Ok(delivery)) => if !self.arrived(delivery).await {
                        break;
                    },
                    Some(Err(error)) => {
                        tracing::warn!(queue.name = %self.queue, %error, "a consumer ended");
                        break;
                    }
                    None => {
                        // Otherwise this side has closed the channel or the connection.
                        if self.channel.status().connected() {
                            tracing::warn!(queue.name = %self.queue, "the broker ended a consumer");
                        }
                        break;
                    }
                },
                done = flushes.recv() => match done {
                    // Whoever asked may have gone.
                    Some(done) => { let _ = done.send(()); }
                    None => return,
                },
            }
        }
        // Who waits for an answer learns that there will be none.
        drop(flushes);
        // What was prefetched goes back to the queue, for the next consumer.
        close(self.channel.clone(), "consumer ended").await;
        self.wake_ups.wake(self.queue);
    }

    /// Keeps a message for claims, or sends it on; false when the session is at its end.
    async fn arrived(&self, delivery: AmqpDelivery) -> bool {
        let now = self.clock.now();
        let envelope = Envelope::read(self.queue, &delivery.properties, delivery.data, now);
        if envelope.due > now {
            return self.wait_on(delivery.delivery_tag, envelope, now).await;
        }
        let held = Held { tag: delivery.delivery_tag, envelope: Arc::new(envelope) };
        let row = usize::from(held.envelope.priority == Priority::Normal);
        lock(&self.contents).ready[row].push_back(held);
        self.wake_ups.wake(self.queue);
        true
    }

    /// Sends a message that has come too early to the waiting queue of the next step.
    ///
    /// Where that fails the consumer is at its end, which brings everything back, this message included.
    async fn wait_on(&self, tag: u64, envelope: Envelope, now: i64) -> bool {
        let Some(session) = self.session.upgrade() else { return false };
        let is_silent = |place: &Place| session.is_silent(place);
        let place = self.options.place(self.queue, envelope.priority, envelope.due, now, is_silent);
        let waiting = session.publish("delay a message", &[(place, envelope)]).await;
        let settled = match waiting {
            Ok(()) => {
                let acked = self.channel.basic_ack(tag, BasicAckOptions::default()).await;
                acked.map_err(refused("delay a message"))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &settled {
            tracing::warn!(queue.name = %self.queue, %error, "a delayed message could not be sent on");
        }
        settled.is_ok()
    }
}

/// Closes a channel, and does not wait for ever for a broker that is gone.
pub(super) async fn close(channel: Channel, reason: &'static str) {
    match timeout(CLOSING, channel.close(200, reason.into())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a channel was gone before it was closed"),
        Err(_) => tracing::debug!(reason, "the broker does not close a channel"),
    }
}
