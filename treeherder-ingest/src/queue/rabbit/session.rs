//! One connection to the broker and what was set up over it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lapin::options::{
    BasicGetOptions, BasicNackOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::{Channel, Confirmation, Connection};

use super::RabbitOptions;
use super::consumers::Consumers;
use super::counter::{Counter, Presence};
use super::envelope::Envelope;
use super::feed::close;
use super::topology::Place;
use super::unconfirmed::Unconfirmed;
use crate::pulse::{connect, end};
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

/// How long after each failure of the broker a queue is declared again.
const DECLARED_AGAIN: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// How long a waiting queue is avoided that did not confirm in time.
const SILENCE: Duration = Duration::from_secs(600);

/// Opens a channel whose messages are confirmed.
async fn publisher(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// Declares a queue over a channel of its own: a refusal ends the channel that it comes over.
async fn declare_over(
    connection: &Connection,
    place: &Place,
    options: &RabbitOptions,
) -> lapin::Result<(Channel, lapin::Queue)> {
    let channel = connection.create_channel().await?;
    let (name, arguments) = (place.name(&options.prefix), place.arguments(&options.prefix));
    let queue = channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await?;
    Ok((channel, queue))
}

/// Fails unless what keeps a queue is there: it is known a moment before it is.
async fn try_out(channel: &Channel, queue: &lapin::Queue) -> lapin::Result<()> {
    // What has messages is there; to take one would count as a try to work on it.
    if queue.message_count() == 0
        && let Some(message) = channel.basic_get(queue.name().clone(), BasicGetOptions::default()).await?
    {
        // It has come just now, and goes back to where it was.
        message.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?;
    }
    Ok(())
}

fn is_failure_of_broker(error: &lapin::Error) -> bool {
    const INTERNAL_ERROR: u16 = 541;
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(error) if error.get_id() == INTERNAL_ERROR)
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
        if matches!(self.presence(place), Some(Presence::Seen)) {
            let (channel, _) = declare_over(&self.connection, place, &self.options).await.map_err(failed)?;
            close(channel, "done").await;
        } else {
            self.create(place).await.map_err(failed)?;
        }
        self.note(place, Presence::Declared);
        Ok(())
    }

    /// Declares a queue that may not exist yet, over a connection of its own, and again where the broker fails.
    ///
    /// When several declare the same new quorum queue at once, or consume it before all of it is there, RabbitMQ 3.10 may end their
    /// connections as if by an error of its own (541), and with them all else that goes over them.
    async fn create(&self, place: &Place) -> lapin::Result<()> {
        let options = &self.options;
        let name = format!("{} declares", options.name);
        let mut pauses = DECLARED_AGAIN.iter();
        loop {
            let connection = connect(&options.url, &options.url.vhost(), &name).await?;
            let declared = async {
                let (channel, queue) = declare_over(&connection, place, options).await?;
                try_out(&channel, &queue).await
            };
            let declared = declared.await;
            end(&connection).await;
            match (declared, pauses.next()) {
                (Err(error), Some(pause)) if is_failure_of_broker(&error) => {
                    tracing::debug!(%error, place = place.name(&options.prefix), "a queue is declared again");
                    tokio::time::sleep(*pause).await;
                }
                (declared, _) => return declared,
            }
        }
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
