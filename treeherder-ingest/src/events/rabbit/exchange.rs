//! Publishing on the exchange.

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ExchangeKind};

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
    open: Option<(Connection, Channel)>,
}

impl Publisher {
    pub(super) fn new(exchange: EventExchange) -> Self {
        Self { exchange, open: None }
    }

    /// Publishes events in order and waits for the broker's confirmation of all of them.
    pub(super) async fn publish(&mut self, events: &[Published]) -> Result<(), EventError> {
        let limit = self.exchange.confirm_timeout;
        let result = match tokio::time::timeout(limit, self.try_publish(events)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => failed("publish events", error.to_string()),
            Err(_elapsed) => failed("publish events", format!("no confirmation in {limit:?}")),
        };
        self.open = None;
        Err(result)
    }

    async fn try_publish(&mut self, events: &[Published]) -> lapin::Result<()> {
        let is_alive = |(connection, channel): &(Connection, Channel)| {
            connection.status().connected() && channel.status().connected()
        };
        let alive = self.open.take().filter(is_alive);
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
        self.open = Some((connection, channel));
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
