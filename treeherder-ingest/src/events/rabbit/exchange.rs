//! Publishing on the exchange.

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ExchangeKind};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::EventExchange;
use crate::events::event::routing_key;
use crate::events::{EventError, Published};
use crate::pulse::connect;

/// Delivery mode of messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;
/// Header with the sequence id of an event.
pub(super) const SEQUENCE: &str = "sequence";

/// Opens a connection and declares the exchange, durable.
pub(super) async fn open(exchange: &EventExchange) -> lapin::Result<(Connection, Channel)> {
    let EventExchange { url, name, .. } = exchange;
    let connection = connect(url, &url.vhost(), "treeherder events").await?;
    let channel = connection.create_channel().await?;
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(name.as_str().into(), ExchangeKind::Topic, options, FieldTable::default())
        .await?;
    Ok((connection, channel))
}

/// Publishes over one connection, opened when needed.
#[derive(Debug)]
pub(super) struct Publisher {
    exchange: EventExchange,
    session: Mutex<Session>,
}

#[derive(Debug, Default)]
struct Session {
    open: Option<(Connection, Channel)>,
    /// Before that moment the broker is not asked again.
    not_before: Option<Instant>,
}

impl Publisher {
    pub(super) fn new(exchange: EventExchange) -> Self {
        Self { exchange, session: Mutex::default() }
    }

    /// Publishes events in order and waits for the broker's confirmation.
    ///
    /// After a failure the broker is left alone for a moment: whoever ingests must not wait for it with each event.
    pub(super) async fn publish(&self, events: &[Published]) -> Result<(), EventError> {
        if events.is_empty() {
            return Ok(());
        }
        // In order, hence one at a time.
        let mut session = self.session.lock().await;
        if session.not_before.is_some_and(|moment| Instant::now() < moment) {
            return Err(failed("reach the broker", "it could not be reached a moment ago".to_owned()));
        }
        let published =
            tokio::time::timeout(self.exchange.confirm_timeout, self.try_publish(&mut session, events));
        let result = match published.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => failed("publish events", error.to_string()),
            Err(_elapsed) => {
                failed("publish events", format!("no confirmation in {:?}", self.exchange.confirm_timeout))
            }
        };
        session.open = None;
        session.not_before = Instant::now().checked_add(self.exchange.pause);
        Err(result)
    }

    async fn try_publish(&self, session: &mut Session, events: &[Published]) -> lapin::Result<()> {
        let is_alive = |(connection, channel): &(Connection, Channel)| {
            connection.status().connected() && channel.status().connected()
        };
        let alive = session.open.take().filter(is_alive);
        let (connection, channel) = match alive {
            Some(open) => open,
            None => {
                let (connection, channel) = open(&self.exchange).await?;
                channel.confirm_select(ConfirmSelectOptions::default()).await?;
                (connection, channel)
            }
        };
        let mut confirms = Vec::with_capacity(events.len());
        for event in events {
            let published = channel.basic_publish(
                self.exchange.name.as_str().into(),
                routing_key(event.branch(), event.name()).into(),
                BasicPublishOptions::default(),
                event.body().as_bytes(),
                properties(event),
            );
            confirms.push(published.await?);
        }
        for confirm in confirms {
            if let Confirmation::Nack(_) = confirm.await? {
                return Err(std::io::Error::other("the broker did not take an event").into());
            }
        }
        session.open = Some((connection, channel));
        Ok(())
    }
}

fn failed(operation: &'static str, reason: String) -> EventError {
    EventError::Broker { operation, reason }
}

fn properties(event: &Published) -> BasicProperties {
    let mut headers = FieldTable::default();
    if let Some(sequence) = event.sequence() {
        headers.insert(SEQUENCE.into(), AMQPValue::LongLongInt(sequence));
    }
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into())
        .with_headers(headers)
}
