//! Puts what arrives on the queues (§1.8).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::kept::{cut, json_object, kept_broken, kept_delivery};
use super::routing::Route;
use super::{Binding, Delivery, Incoming, Kind, Received, Source};
use crate::pipeline::PulseTask;
use crate::queue::{Message, Queue, QueueError};

/// How a listener groups what it publishes.
#[derive(Clone, Debug)]
pub struct ListenerOptions {
    /// Deliveries per batch, at most.
    pub batch: usize,
    /// Bytes of bodies per batch, at most, unless one body alone is larger.
    pub batch_bytes: usize,
    /// How long the first delivery of a batch waits for others.
    pub linger: Duration,
    /// Longest pause before the source or the queue is tried again.
    pub longest_pause: Duration,
}

impl Default for ListenerOptions {
    fn default() -> Self {
        Self {
            batch: 100,
            batch_bytes: 8 * 1024 * 1024,
            linger: Duration::from_millis(10),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// What a listener did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listened {
    /// Deliveries received.
    pub received: u64,
    /// Work items published.
    pub published: u64,
    /// Deliveries kept as dead letters.
    pub dead: u64,
    /// Deliveries that are for other listeners.
    pub filtered: u64,
    /// Deliveries given back at a stop.
    pub given_back: u64,
}

#[derive(Debug, Default)]
struct Counters {
    received: AtomicU64,
    published: AtomicU64,
    dead: AtomicU64,
    filtered: AtomicU64,
    given_back: AtomicU64,
}

/// Turns deliveries into work items on the queues; it stores nothing itself.
///
/// A delivery is acknowledged only after its work item is durable. What no work item can be made of (an exchange
/// nobody knows, a body that is no JSON object, a line that is no recording) is kept as a dead letter.
#[derive(Debug)]
pub struct Listener {
    queue: Arc<dyn Queue>,
    kind: Kind,
    bindings: Option<Vec<Binding>>,
    options: ListenerOptions,
    counters: Counters,
}

/// What a batch of deliveries becomes.
#[derive(Default)]
struct Batch {
    received: Vec<Received>,
    bytes: usize,
    messages: Vec<Message>,
    dead: Vec<(Message, String)>,
}

impl Listener {
    /// Makes a listener that publishes to `queue`.
    #[must_use]
    pub fn new(queue: Arc<dyn Queue>, kind: Kind) -> Self {
        let options = ListenerOptions::default();
        Self { queue, kind, bindings: None, options, counters: Counters::default() }
    }

    /// Takes only what one of the bindings matches, as a broker would; for sources that know no bindings.
    #[must_use]
    pub fn with_bindings(mut self, bindings: Vec<Binding>) -> Self {
        self.bindings = Some(bindings);
        self
    }

    /// Changes how deliveries are grouped.
    #[must_use]
    pub fn with_options(mut self, options: ListenerOptions) -> Self {
        self.options = options;
        self
    }

    /// Returns what was done so far, by all runs of this listener.
    #[must_use]
    pub fn listened(&self) -> Listened {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Listened {
            received: read(&self.counters.received),
            published: read(&self.counters.published),
            dead: read(&self.counters.dead),
            filtered: read(&self.counters.filtered),
            given_back: read(&self.counters.given_back),
        }
    }

    /// Listens until the source ends or `stop` is cancelled.
    ///
    /// A failing source or queue is tried again with growing pauses. At a stop, what was received and could not be
    /// published is given back to the source.
    pub async fn run(&self, source: &mut dyn Source, stop: &CancellationToken) {
        let mut pause = Pause::new(self.options.longest_pause);
        loop {
            let mut batch = Batch::default();
            let ended = self.gather(source, stop, &mut batch, &mut pause).await;
            self.publish(batch, stop).await;
            if ended || stop.is_cancelled() {
                return;
            }
        }
    }

    /// Fills a batch; true when the source has ended.
    async fn gather(
        &self,
        source: &mut dyn Source,
        stop: &CancellationToken,
        batch: &mut Batch,
        pause: &mut Pause,
    ) -> bool {
        // Whatever is longer than the process lives.
        let mut deadline = Instant::now() + Duration::from_secs(86_400 * 365);
        while batch.received.len() < self.options.batch.max(1) && batch.bytes < self.options.batch_bytes {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => return false,
                next = tokio::time::timeout_at(deadline, source.next()) => next,
            };
            match next {
                Ok(Ok(Some(received))) => {
                    pause.reset();
                    if batch.received.is_empty() {
                        deadline = Instant::now() + self.options.linger;
                    }
                    self.take(received, batch);
                }
                Ok(Ok(None)) => return true,
                Ok(Err(error)) => {
                    tracing::error!(%error, "a source failed, trying again");
                    if batch.received.is_empty() {
                        stop.run_until_cancelled(tokio::time::sleep(pause.next())).await;
                    }
                    return false;
                }
                Err(_elapsed) => return false,
            }
        }
        false
    }

    /// Decides what becomes of one delivery.
    fn take(&self, received: Received, batch: &mut Batch) {
        self.counters.received.fetch_add(1, Ordering::Relaxed);
        match &received.incoming {
            Incoming::Delivery(delivery) => {
                batch.bytes += delivery.body.len();
                self.sort(delivery, batch);
            }
            Incoming::Broken(broken) => {
                batch.bytes += broken.raw.len();
                let error = format!("{}: {}", broken.place, broken.error);
                batch.dead.push((kept_broken(self.kind.queue_of_broken(), broken), error));
            }
        }
        batch.received.push(received);
    }

    fn sort(&self, delivery: &Delivery, batch: &mut Batch) {
        let (tasks, unknown): (&[PulseTask], bool) = match self.kind.route(delivery) {
            Route::Publish(tasks) => (tasks, false),
            Route::Unknown(PulseTask::Tasks) => (&[PulseTask::Tasks], true),
            Route::Unknown(PulseTask::Pushes) => (&[PulseTask::Pushes], true),
            Route::Unknown(PulseTask::Classification) => (&[PulseTask::Classification], true),
            Route::Filtered => (&[], false),
        };
        let is_wanted = unknown || self.bindings.as_ref().is_none_or(|bindings| is_bound(bindings, delivery));
        if tasks.is_empty() || !is_wanted {
            self.counters.filtered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let body = match json_object(&delivery.body) {
            Ok(body) => body,
            Err(reason) => {
                let error = format!("body of a message from {} is {reason}", delivery.exchange);
                batch.dead.push((kept_delivery(tasks[0].queue(), delivery), error));
                return;
            }
        };
        for task in tasks {
            let message = task.message(body, &delivery.exchange, &delivery.routing_key, &delivery.root_url);
            if unknown {
                let error = format!(
                    "unknown exchange \"{}\" (routing key \"{}\")",
                    delivery.exchange, delivery.routing_key
                );
                batch.dead.push((message, error));
            } else if let Err(error) = message.check() {
                batch.dead.push((cut(&message), error.to_string()));
            } else {
                batch.messages.push(message);
            }
        }
    }

    /// Makes the batch durable, however long that takes, and acknowledges it.
    async fn publish(&self, batch: Batch, stop: &CancellationToken) {
        if batch.received.is_empty() {
            return;
        }
        let published = self.persist(stop, || self.queue.publish(&batch.messages)).await
            && self.persist(stop, || self.queue.publish_dead(&batch.dead)).await;
        if !published {
            let number = batch.received.len();
            self.counters.given_back.fetch_add(number as u64, Ordering::Relaxed);
            tracing::warn!(number, "stopped before deliveries could be published, giving them back");
        }
        for (_, error) in batch.dead.iter().filter(|_| published) {
            tracing::error!(%error, "a delivery became a dead letter");
        }
        if published {
            self.counters.published.fetch_add(batch.messages.len() as u64, Ordering::Relaxed);
            self.counters.dead.fetch_add(batch.dead.len() as u64, Ordering::Relaxed);
        }
        let errors = if published {
            Received::ack_all(batch.received).await
        } else {
            let mut errors = Vec::new();
            for received in batch.received {
                errors.extend(received.retry().await.err());
            }
            errors
        };
        for error in errors {
            tracing::warn!(%error, "cannot settle what was received, it will come again");
        }
    }

    /// Repeats an operation until it succeeds; false when the stop came first.
    async fn persist<F>(&self, stop: &CancellationToken, operation: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<(), QueueError>>,
    {
        let mut pause = Pause::new(self.options.longest_pause);
        loop {
            let Err(error) = operation().await else { return true };
            if stop.is_cancelled() {
                return false;
            }
            tracing::error!(%error, "cannot publish to the queues, trying again");
            stop.run_until_cancelled(tokio::time::sleep(pause.next())).await;
        }
    }
}

fn is_bound(bindings: &[Binding], delivery: &Delivery) -> bool {
    let keys = || std::iter::once(&delivery.routing_key).chain(&delivery.cc).map(String::as_str);
    bindings.iter().any(|binding| binding.matches(&delivery.exchange, keys()))
}

/// Doubling pauses.
struct Pause {
    next: Duration,
    longest: Duration,
}

impl Pause {
    const FIRST: Duration = Duration::from_millis(100);

    fn new(longest: Duration) -> Self {
        Self { next: Self::FIRST.min(longest), longest }
    }

    fn reset(&mut self) {
        self.next = Self::FIRST.min(self.longest);
    }

    fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}
