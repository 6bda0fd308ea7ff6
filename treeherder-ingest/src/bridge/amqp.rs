//! Publishes to Pulse (`spec/bridge-l10n-platform.md` §1.8).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ExchangeKind};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::pulse::{SourceConfig, connect, end};

use super::publication::{JobPublisher, Publication, PublishError};

/// How long a message is tried to be published.
const DEADLINE: Duration = Duration::from_secs(12);

/// Pause after the first failure, doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Delivery mode of messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;

/// Publishes job messages to an exchange of a broker, persistent and confirmed.
///
/// It connects when first needed, and anew after every failure, until 12 seconds have passed.
#[derive(Debug)]
pub struct AmqpPublisher {
    broker: SourceConfig,
    exchange: String,
    deadline: Duration,
    session: Mutex<Option<Arc<Session>>>,
}

#[derive(Debug)]
struct Session {
    connection: Connection,
    channel: Channel,
}

impl AmqpPublisher {
    /// Publishes to `exchange` of the broker and virtual host of `broker`.
    #[must_use]
    pub fn new(broker: SourceConfig, exchange: impl Into<String>) -> Self {
        Self { broker, exchange: exchange.into(), deadline: DEADLINE, session: Mutex::default() }
    }

    /// Gives up after `deadline` instead of 12 seconds.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Connects and declares the exchange, a durable topic exchange, so that a wrong configuration is told at start.
    ///
    /// # Errors
    /// Names the broker and what it refused.
    pub async fn check(&self) -> Result<(), PublishError> {
        self.session().await.map(drop)
    }

    /// Ends the connection in order.
    pub async fn close(&self) {
        if let Some(session) = self.session.lock().await.take() {
            end(&session.connection).await;
        }
    }

    fn failed(&self, reason: impl Into<String>) -> PublishError {
        let SourceConfig { pulse_url, vhost, .. } = &self.broker;
        let place = format!("{pulse_url} virtual host \"{vhost}\" {}", self.exchange);
        PublishError { place, reason: reason.into() }
    }

    /// Returns the living session, or opens one; everybody waits for it, nobody opens a second one.
    async fn session(&self) -> Result<Arc<Session>, PublishError> {
        let mut current = self.session.lock().await;
        if let Some(session) = current.as_ref()
            && session.connection.status().connected()
            && session.channel.status().connected()
        {
            return Ok(Arc::clone(session));
        }
        *current = None;
        let session = Arc::new(self.open().await?);
        *current = Some(Arc::clone(&session));
        Ok(session)
    }

    async fn open(&self) -> Result<Session, PublishError> {
        let SourceConfig { pulse_url, vhost, .. } = &self.broker;
        let connection = connect(pulse_url, vhost, &format!("treeherder bridge {}", self.exchange))
            .await
            .map_err(|error| self.failed(format!("no connection: {error}")))?;
        let declared = async {
            let channel = connection.create_channel().await?;
            let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            let exchange = self.exchange.as_str().into();
            channel.exchange_declare(exchange, ExchangeKind::Topic, options, FieldTable::default()).await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok::<Channel, lapin::Error>(channel)
        };
        match declared.await {
            Ok(channel) => Ok(Session { connection, channel }),
            Err(error) => {
                end(&connection).await;
                Err(self.failed(format!("the exchange cannot be declared: {error}")))
            }
        }
    }

    async fn try_publish(&self, publication: &Publication) -> Result<(), PublishError> {
        let session = self.session().await?;
        let (exchange, key) = (self.exchange.as_str().into(), publication.key.primary.as_str().into());
        let properties = properties(&publication.key.cc);
        let published = session.channel.basic_publish(
            exchange,
            key,
            BasicPublishOptions::default(),
            &publication.body,
            properties,
        );
        let confirmed = async { published.await?.await };
        match confirmed.await {
            Ok(Confirmation::Ack(_)) => Ok(()),
            Ok(Confirmation::Nack(_)) => Err(self.failed("the broker did not take the message")),
            Ok(Confirmation::NotRequested) => Err(self.failed("the broker was not asked to confirm")),
            Err(error) => Err(self.failed(format!("not published: {error}"))),
        }
    }

    /// Forgets the session after a failure, so that the next try has a channel of its own.
    async fn renew(&self) {
        if let Some(session) = self.session.lock().await.take() {
            tokio::spawn(async move { end(&session.connection).await });
        }
    }
}

#[async_trait]
impl JobPublisher for AmqpPublisher {
    async fn publish(&self, publication: Publication) -> Result<(), PublishError> {
        let deadline = Instant::now() + self.deadline;
        let mut pause = FIRST_PAUSE;
        let mut error = self.failed(format!("no confirmation in {:?}", self.deadline));
        while let Ok(result) = tokio::time::timeout_at(deadline, self.try_publish(&publication)).await {
            let Err(failure) = result else { return Ok(()) };
            tracing::warn!(error = %failure, "cannot publish a job, trying again");
            error = failure;
            self.renew().await;
            if Instant::now() + pause >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.renew().await;
        Err(error)
    }
}

fn properties(cc: &str) -> BasicProperties {
    let mut headers = FieldTable::default();
    let keys = FieldArray::from(vec![AMQPValue::LongString(cc.into())]);
    headers.insert("CC".into(), AMQPValue::FieldArray(keys));
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into())
        .with_headers(headers)
}
