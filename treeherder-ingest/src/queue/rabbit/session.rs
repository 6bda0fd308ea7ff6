//! One connection to the broker and what was set up over it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::{Channel, Confirmation, Connection};

use super::RabbitOptions;
use super::consumers::Consumers;
use super::counter::{Counter, Presence};
use super::envelope::Envelope;
use super::feed::close;
use super::topology::Place;
use super::unconfirmed::Unconfirmed;
use crate::pulse::connect;
use crate::queue::QueueError;

/// A connection with its publishing channel and its consumers.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    publisher: Mutex<Channel>,
    presences: Mutex<HashMap<Place, Presence>>,
    /// Waiting queues that did not confirm in time, and when that was.
    silent: Mutex<HashMap<Place, Instant>>,
    pub(super) consumers: Consumers,
    pub(super) options: Arc<RabbitOptions>,
}

/// How long a waiting queue is avoided that did not confirm in time.
const SILENCE: Duration = Duration::from_secs(600);

/// Opens a channel whose messages are confirmed.
async fn publisher(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// Names the operation that the broker refused.
pub(super) fn refused(operation: &'static str) -> impl Fn(lapin::Error) -> QueueError {
    move |error| QueueError::Broker { operation, reason: error.to_string() }
}

impl Session {
    pub(super) async fn open(options: Arc<RabbitOptions>) -> Result<Self, QueueError> {
        let failed = |error: lapin::Error| QueueError::Broker {
            operation: "connect to the broker",
            reason: format!("{}: {error}", options.url),
        };
        let connection = connect(&options.url, &options.url.vhost(), &options.name).await.map_err(failed)?;
        let publisher = publisher(&connection).await.map_err(failed)?;
        Ok(Self {
            connection,
            publisher: Mutex::new(publisher),
            presences: Mutex::default(),
            silent: Mutex::default(),
            consumers: Consumers::default(),
            options: Arc::clone(&options),
        })
    }

    pub(super) fn is_alive(&self) -> bool {
        self.connection.status().connected() && self.publisher().status().connected()
    }

    fn publisher(&self) -> Channel {
        // A channel is whole, whoever panicked.
        self.publisher.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells whether a queue did not confirm in time a while ago.
    pub(super) fn is_silent(&self, place: &Place) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(place).is_some_and(|since| since.elapsed() < SILENCE)
    }

    /// Goes on over another channel, and avoids a queue that does not answer for a while, if it is one for waiting.
    ///
    /// A quorum queue that was declared shortly before the broker died can come back without a leader. Whatever is published to it
    /// waits, and with it everything that is published later over the same channel.
    async fn avoid(&self, silent: Option<&Place>) {
        if let Some(place @ Place::Retry(..)) = silent {
            let mut known = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(place.clone(), Instant::now());
        }
        match publisher(&self.connection).await {
            Ok(channel) => *self.publisher.lock().unwrap_or_else(PoisonError::into_inner) = channel,
            Err(error) => tracing::warn!(%error, "no other channel to publish over"),
        }
    }

    /// Returns what is known about a queue of the broker.
    pub(super) fn presence(&self, place: &Place) -> Option<Presence> {
        self.presences.lock().unwrap_or_else(PoisonError::into_inner).get(place).copied()
    }

    /// Remembers what was learnt about a queue of the broker.
    pub(super) fn note(&self, place: &Place, presence: Presence) {
        self.presences.lock().unwrap_or_else(PoisonError::into_inner).insert(place.clone(), presence);
    }

    /// Declares a queue of the broker unless that was done before; its work queue comes first.
    ///
    /// So nothing waits for the way back to a queue that is not there, and where there is no work queue nothing has to
    /// be counted.
    pub(super) async fn ensure(&self, place: &Place) -> Result<(), QueueError> {
        if matches!(self.presence(place), Some(Presence::Declared)) {
            return Ok(());
        }
        let work = place.work();
        if *place != work && !matches!(self.presence(&work), Some(Presence::Declared)) {
            self.declare(&work).await?;
        }
        self.declare(place).await
    }

    /// As [`ensure`](Self::ensure) for the queues of all letters; tells whether one of them was not there.
    async fn make(
        &self,
        letters: &[(Place, Envelope)],
        counter: &mut Counter<'_>,
    ) -> Result<bool, QueueError> {
        let mut made = false;
        for (place, _) in letters {
            if !matches!(self.presence(place), Some(Presence::Declared | Presence::Seen)) {
                let counted = self.in_time("declare a queue on the broker", counter.count_now(place)).await?;
                made |= counted.is_none();
            }
            self.ensure(place).await?;
        }
        Ok(made)
    }

    /// Bounds how long the broker may take for what it should do at once.
    pub(super) async fn in_time<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, QueueError>>,
    ) -> Result<T, QueueError> {
        let limit = self.options.confirm_timeout;
        let late = |_| QueueError::Broker { operation, reason: format!("no answer in {limit:?}") };
        tokio::time::timeout(limit, work).await.map_err(late)?
    }

    async fn declare(&self, place: &Place) -> Result<(), QueueError> {
        self.in_time("declare a queue on the broker", self.declare_now(place)).await
    }

    async fn declare_now(&self, place: &Place) -> Result<(), QueueError> {
        let failed = refused("declare a queue on the broker");
        // A channel of its own: a refusal ends the channel it comes over.
        let channel = self.connection.create_channel().await.map_err(&failed)?;
        let prefix = &self.options.prefix;
        channel
            .queue_declare(place.name(prefix).into(), QueueDeclareOptions::durable(), place.arguments(prefix))
            .await
            .map_err(&failed)?;
        close(channel, "done").await;
        self.note(place, Presence::Declared);
        Ok(())
    }

    /// Publishes and waits until the broker has confirmed every message.
    pub(super) async fn publish(
        &self,
        operation: &'static str,
        letters: &[(Place, Envelope)],
    ) -> Result<(), QueueError> {
        for (_, envelope) in letters {
            if envelope.payload.len() > self.options.max_message_bytes {
                return Err(QueueError::TooLarge { queue: envelope.queue, bytes: envelope.payload.len() });
            }
        }
        let mut counter = Counter::new(self);
        let made = self.make(letters, &mut counter).await;
        counter.end().await;
        let made = made?;
        if made {
            tokio::time::sleep(self.options.settling).await;
        }
        let limit = self.options.confirm_timeout;
        let mut unconfirmed = Unconfirmed::of(letters);
        if let Ok(confirmed) = tokio::time::timeout(limit, self.confirm(operation, &mut unconfirmed)).await {
            return confirmed;
        }
        let silent = unconfirmed.held_up_by();
        self.avoid(silent).await;
        let to = silent.map(|place| format!(" for {}", place.name(&self.options.prefix))).unwrap_or_default();
        Err(QueueError::Broker { operation, reason: format!("no confirmation in {limit:?}{to}") })
    }

    async fn confirm(
        &self,
        operation: &'static str,
        letters: &mut Unconfirmed<'_>,
    ) -> Result<(), QueueError> {
        let publisher = self.publisher();
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        while let Some((place, envelope)) = letters.next() {
            let name = place.name(&self.options.prefix).into();
            let mut properties = envelope.properties();
            if let Place::Retry(_, wait) = place {
                // The queue says so as well, but RabbitMQ 3.10 forgets what it says for those messages of its log that it reads
                // when it starts: they would never be due, nor would any behind them.
                properties = properties.with_expiration(wait.to_string().into());
            }
            let published = publisher.basic_publish("".into(), name, options, &envelope.payload, properties);
            letters.went_out(published.await.map_err(refused(operation))?);
        }
        while let Some((place, confirm)) = letters.awaited() {
            let (place, said) = (*place, confirm.await);
            letters.confirmed();
            let reason = match said.map_err(refused(operation))? {
                Confirmation::Ack(None) => continue,
                Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)) => {
                    // Somebody deleted the queue: the next try declares it again.
                    self.note(place, Presence::Absent(Instant::now()));
                    returned.reply_text.to_string()
                }
                Confirmation::Nack(None) => "the broker did not take the message".to_owned(),
                Confirmation::NotRequested => "the broker was not asked to confirm".to_owned(),
            };
            let name = place.name(&self.options.prefix);
            return Err(QueueError::Broker { operation, reason: format!("{name}: {reason}") });
        }
        Ok(())
    }
}
