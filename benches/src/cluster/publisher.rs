//! Pulse's side: exchanges, and messages that the broker confirms.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind};
use treeherder_testdata::scenario::Message;

use super::Story;

/// Messages under way without a confirmation.
const WINDOW: usize = 100;
/// Pause before another try.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the broker may take to confirm.
const CONFIRM: Duration = Duration::from_secs(30);

/// Publishes messages as Taskcluster does, for as long as it takes.
#[derive(Debug)]
pub struct Publisher {
    url: String,
    confirmed: AtomicUsize,
}

impl Publisher {
    /// Makes a publisher for a virtual host.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), confirmed: AtomicUsize::new(0) }
    }

    /// Returns how many messages the broker has confirmed.
    #[must_use]
    pub fn confirmed(&self) -> usize {
        self.confirmed.load(Ordering::Relaxed)
    }

    /// Makes the exchanges.
    ///
    /// # Errors
    /// When the broker refuses or is not there.
    pub async fn declare(&self) -> Result<()> {
        let (connection, channel) = self.connect().await?;
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        for exchange in Story::EXCHANGES {
            let (exchange, none) = ((*exchange).into(), FieldTable::default());
            channel.exchange_declare(exchange, ExchangeKind::Topic, options, none).await?;
        }
        Ok(connection.close(200, "done".into()).await?)
    }

    /// Publishes all messages in their order, at most so many a second, and connects again as often as it must. What was not
    /// confirmed is published again, as is what no queue took: then nobody has bound one yet.
    pub async fn publish(&self, messages: &[Message], rate: Option<f64>) {
        let start = Instant::now();
        let (mut done, mut told) = (0, String::new());
        while done < messages.len() {
            let failed = self.publish_from(messages, &mut done, rate, start).await;
            if let Err(error) = failed {
                // It is a run in which brokers die.
                let error = format!("{error:#}");
                if told != error {
                    println!("Pulse: {error}");
                    told = error;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn publish_from(
        &self,
        messages: &[Message],
        done: &mut usize,
        rate: Option<f64>,
        start: Instant,
    ) -> Result<()> {
        let (connection, channel) = self.connect().await?;
        while *done < messages.len() {
            let end = (*done + WINDOW).min(messages.len());
            let window = match rate {
                // As many as are due, one at least.
                Some(rate) => {
                    let due = Duration::from_secs_f64(*done as f64 / rate);
                    tokio::time::sleep(due.saturating_sub(start.elapsed())).await;
                    let by_now = (start.elapsed().as_secs_f64() * rate) as usize;
                    &messages[*done..end.min(by_now.max(*done + 1))]
                }
                None => &messages[*done..end],
            };
            let sent = tokio::time::timeout(CONFIRM, send(&channel, window));
            sent.await.with_context(|| format!("no confirmation in {CONFIRM:?}"))??;
            *done += window.len();
            self.confirmed.fetch_add(window.len(), Ordering::Relaxed);
        }
        Ok(connection.close(200, "done".into()).await?)
    }

    async fn connect(&self) -> Result<(Connection, Channel)> {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok((connection, channel))
    }
}

async fn send(channel: &Channel, messages: &[Message]) -> Result<()> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let mut confirmations = Vec::with_capacity(messages.len());
    for message in messages {
        let keys = message.cc.iter().map(|key| AMQPValue::LongString(key.as_str().into()));
        let mut headers = FieldTable::default();
        headers.insert("CC".into(), AMQPValue::FieldArray(FieldArray::from(keys.collect::<Vec<_>>())));
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(2)
            .with_headers(headers);
        let (exchange, key) = (message.exchange.as_str().into(), message.routing_key.as_str().into());
        let sent = channel.basic_publish(exchange, key, options, &message.payload(), properties).await?;
        confirmations.push(sent);
    }
    let mut refused = None;
    for (message, confirmation) in messages.iter().zip(confirmations) {
        if confirmation.await? != Confirmation::Ack(None) {
            refused = refused.or(Some(message));
        }
    }
    match refused {
        None => Ok(()),
        Some(message) => bail!("no queue takes what {} has", message.exchange),
    }
}
