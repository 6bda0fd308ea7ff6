//! A source that consumes a queue on Pulse's side.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use lapin::message::Delivery as AmqpDelivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::subscribe::subscribe;
use super::{PulseGuardian, connect, end};
use crate::pulse::{
    Acknowledge, Binding, Delivery, Incoming, Received, Settings, Source, SourceConfig, SourceError,
};

/// How a queue on Pulse's side is consumed.
#[derive(Clone, Debug)]
pub struct AmqpSourceOptions {
    /// Deliveries that may be unacknowledged at a time.
    pub prefetch: u16,
    /// Whether the queue vanishes with its last consumer.
    pub auto_delete: bool,
    /// Pause after the first failure, doubled after each further one.
    pub first_pause: Duration,
    /// Longest pause between two tries to connect.
    pub longest_pause: Duration,
    /// Whom to ask for stale bindings; nobody, nothing removed.
    pub guardian: Option<PulseGuardian>,
}

impl Default for AmqpSourceOptions {
    fn default() -> Self {
        Self {
            prefetch: 1_000,
            auto_delete: false,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            guardian: None,
        }
    }
}

/// Deliveries from Pulse; connects again, for ever, whenever the connection ends.
///
/// A failure is reported by [`next`](Source::next) and does not end the source. Unacknowledged deliveries of a
/// connection that ended come again over the next one.
#[derive(Debug)]
pub struct AmqpSource {
    subscription: Subscription,
    running: Option<Running>,
}

#[derive(Clone, Debug)]
struct Subscription {
    config: SourceConfig,
    queue: String,
    bindings: Vec<Binding>,
    options: AmqpSourceOptions,
}

#[derive(Debug)]
struct Running {
    incoming: mpsc::Receiver<Result<Received, SourceError>>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl AmqpSource {
    /// Makes a source for the queue and its bindings; nothing is done before the first [`next`](Source::next).
    #[must_use]
    pub fn new(
        config: SourceConfig,
        queue: impl Into<String>,
        bindings: Vec<Binding>,
        options: AmqpSourceOptions,
    ) -> Self {
        let subscription = Subscription { config, queue: queue.into(), bindings, options };
        Self { subscription, running: None }
    }

    /// Makes the sources of a listener; the settings decide about `auto_delete`.
    #[must_use]
    pub fn all(settings: &Settings, options: &AmqpSourceOptions) -> Vec<Self> {
        settings
            .subscriptions()
            .map(|(config, queue, bindings)| {
                let options = AmqpSourceOptions { auto_delete: settings.auto_delete, ..options.clone() };
                Self::new(config.clone(), queue, bindings, options)
            })
            .collect()
    }

    /// Connects, declares and binds once, so that a wrong configuration is told at start.
    ///
    /// # Errors
    /// Names the broker and what it refused: the connection, an exchange that does not exist, the queue.
    pub async fn check(&self) -> Result<(), SourceError> {
        let connection = self.subscription.connect().await?;
        let subscribed = self.subscription.subscribe(&connection).await.map(|_| ());
        end(&connection).await;
        subscribed
    }

    /// Ends the connection in order, so that acknowledgements under way arrive.
    pub async fn close(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.cancel();
            drop(running.incoming);
            // A panic was told when it happened.
            let _ = running.task.await;
        }
    }
}

#[async_trait]
impl Source for AmqpSource {
    async fn next(&mut self) -> Result<Option<Received>, SourceError> {
        let running = self.running.get_or_insert_with(|| {
            let (sender, incoming) = mpsc::channel(1);
            let stop = CancellationToken::new();
            let task = self.subscription.clone().run(sender, stop.clone());
            Running { incoming, stop, task: AbortOnDropHandle::new(tokio::spawn(task)) }
        });
        if let Some(next) = running.incoming.recv().await {
            return next.map(Some);
        }
        self.running = None;
        Err(self.subscription.failed("the consumer ended unexpectedly"))
    }
}

impl Subscription {
    fn failed(&self, reason: impl Into<String>) -> SourceError {
        let place =
            format!("{} virtual host \"{}\" {}", self.config.pulse_url, self.config.vhost, self.queue);
        SourceError { place, reason: reason.into() }
    }

    async fn connect(&self) -> Result<lapin::Connection, SourceError> {
        connect(&self.config.pulse_url, &self.config.vhost, &format!("treeherder {}", self.queue))
            .await
            .map_err(|error| self.failed(format!("no connection: {error}")))
    }

    async fn subscribe(&self, connection: &lapin::Connection) -> Result<lapin::Channel, SourceError> {
        subscribe(connection, &self.queue, self.options.auto_delete, &self.bindings)
            .await
            .map_err(|reason| self.failed(reason))
    }

    /// Consumes and connects again until told to stop.
    async fn run(self, sender: mpsc::Sender<Result<Received, SourceError>>, stop: CancellationToken) {
        let mut pause = self.options.first_pause;
        loop {
            let connected = tokio::select! {
                () = stop.cancelled() => return,
                connected = self.connect() => connected,
            };
            let error = match connected {
                Ok(connection) => {
                    let consumed = tokio::select! {
                        () = stop.cancelled() => None,
                        error = self.consume(&connection, &sender, &mut pause) => Some(error),
                    };
                    end(&connection).await;
                    let Some(error) = consumed else { return };
                    error
                }
                Err(error) => error,
            };
            // Nobody listens any more: the source is being closed.
            if sender.send(Err(error)).await.is_err() {
                return;
            }
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            pause = (pause * 2).min(self.options.longest_pause);
        }
    }

    /// Consumes over one connection; returns why that ended.
    async fn consume(
        &self,
        connection: &lapin::Connection,
        sender: &mpsc::Sender<Result<Received, SourceError>>,
        pause: &mut Duration,
    ) -> SourceError {
        let channel = match self.subscribe(connection).await {
            Ok(channel) => channel,
            Err(error) => return error,
        };
        if let Some(guardian) = &self.options.guardian {
            guardian.prune(connection, &self.queue, &self.bindings).await;
        }
        let consumer = async {
            channel.basic_qos(self.options.prefetch, BasicQosOptions::default()).await?;
            let (queue, options) = (self.queue.as_str().into(), BasicConsumeOptions::default());
            channel.basic_consume(queue, "".into(), options, FieldTable::default()).await
        };
        let mut consumer = match consumer.await {
            Ok(consumer) => consumer,
            Err(error) => return self.failed(format!("the queue cannot be consumed: {error}")),
        };
        tracing::info!(queue = self.queue, root_url = self.config.root_url, "listening");
        let channel = NEXT_CHANNEL.fetch_add(1, Ordering::Relaxed);
        loop {
            match consumer.next().await {
                Some(Ok(delivery)) => {
                    *pause = self.options.first_pause;
                    if sender.send(Ok(self.received(channel, delivery))).await.is_err() {
                        return self.failed("nobody listens any more");
                    }
                }
                Some(Err(error)) => return self.failed(format!("connection lost: {error}")),
                None => return self.failed("the broker ended the consumer; was the queue deleted?"),
            }
        }
    }

    fn received(&self, channel: u64, delivery: AmqpDelivery) -> Received {
        let redelivered = delivery.redelivered;
        let settle = Slip { delivery: Some(delivery.acker), channel, place: self.queue.clone() };
        let incoming = Incoming::Delivery(Delivery {
            exchange: delivery.exchange.into(),
            routing_key: delivery.routing_key.into(),
            cc: delivery.properties.headers().as_ref().map(further_keys).unwrap_or_default(),
            root_url: self.config.root_url.clone(),
            body: delivery.data,
        });
        Received::new(incoming, Box::new(settle)).with_redelivered(redelivered)
    }
}

/// Reads the `CC` header: a list of routing keys.
fn further_keys(headers: &FieldTable) -> Vec<String> {
    match headers.inner().get("CC") {
        Some(AMQPValue::FieldArray(keys)) => keys
            .as_slice()
            .iter()
            .filter_map(|key| match key {
                AMQPValue::LongString(key) => Some(key.to_string()),
                AMQPValue::ShortString(key) => Some(key.to_string()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Settles one delivery; a delivery that is dropped unsettled is given back.
struct Slip {
    delivery: Option<lapin::Acker>,
    channel: u64,
    place: String,
}

/// Numbers the channels of all sources: tags of deliveries compare only within one.
static NEXT_CHANNEL: AtomicU64 = AtomicU64::new(1);

const GIVE_BACK: BasicNackOptions = BasicNackOptions { multiple: false, requeue: true };

impl Slip {
    fn settled(&self, answer: lapin::Result<bool>) -> Result<(), SourceError> {
        let reason = match answer {
            Ok(true) => return Ok(()),
            Ok(false) => "the connection it came over is gone".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(SourceError { place: self.place.clone(), reason })
    }
}

#[async_trait]
impl Acknowledge for Slip {
    async fn ack(mut self: Box<Self>) -> Result<(), SourceError> {
        let Some(acker) = self.delivery.take() else { return Ok(()) };
        self.settled(acker.ack(BasicAckOptions::default()).await)
    }

    async fn retry(mut self: Box<Self>) -> Result<(), SourceError> {
        let Some(acker) = self.delivery.take() else { return Ok(()) };
        self.settled(acker.nack(GIVE_BACK).await)
    }

    fn channel(&self) -> Option<u64> {
        Some(self.channel)
    }

    async fn ack_through(mut self: Box<Self>) -> Result<(), SourceError> {
        let Some(acker) = self.delivery.take() else { return Ok(()) };
        self.settled(acker.ack(BasicAckOptions { multiple: true }).await)
    }

    fn cover(mut self: Box<Self>) {
        self.delivery = None;
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        // Without a runtime the connection is ending as well, which gives everything back.
        if let (Some(acker), Ok(runtime)) = (self.delivery.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = acker.nack(GIVE_BACK).await {
                    tracing::debug!(%error, "a delivery is given back by the end of its connection");
                }
            });
        }
    }
}
