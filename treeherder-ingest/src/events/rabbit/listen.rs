//! Hearing of what is published on the exchange.

use std::sync::Arc;

use futures_util::StreamExt as _;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use tokio::sync::watch;

use super::EventExchange;
use super::exchange::{SEQUENCE, open};
use crate::events::{Feed, Published};

/// Key of all events.
const ALL: &str = "events.#";
/// Messages that the broker hands out before they are acknowledged.
const PREFETCH: u16 = 200;
/// Longest body of a message of somebody else.
const LONGEST_BODY: usize = 256 << 10;

/// Listens for ever; a connection that ends is opened anew.
pub(super) async fn run(exchange: EventExchange, feed: Arc<Feed>, bound: watch::Sender<bool>) {
    loop {
        if let Err(error) = listen(&exchange, &feed, &bound).await {
            tracing::warn!(%error, exchange = exchange.name, "cannot listen to events of other processes");
        }
        bound.send_replace(false);
        tokio::time::sleep(exchange.pause).await;
    }
}

/// Listens over one connection, with a queue that vanishes with it: nothing is kept while nobody listens. It is the connection's own, since
/// one that only goes with its last consumer stays for ever when this process is killed before it consumes.
async fn listen(exchange: &EventExchange, feed: &Feed, bound: &watch::Sender<bool>) -> lapin::Result<()> {
    let (_connection, channel) = open(exchange).await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let options = QueueDeclareOptions::exclusive();
    // The server makes the name up.
    let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?;
    let name = queue.name().as_str();
    channel
        .queue_bind(
            name.into(),
            exchange.name.as_str().into(),
            ALL.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    let mut deliveries = channel
        .basic_consume(name.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default())
        .await?;
    bound.send_replace(true);
    // What was stored before the queue was there.
    feed.wake();
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        let headers = delivery.properties.headers().as_ref();
        if headers.is_some_and(|headers| headers.inner().contains_key(SEQUENCE)) {
            feed.wake();
        } else if delivery.data.len() > LONGEST_BODY {
            tracing::warn!(bytes = delivery.data.len(), "an event of somebody else is too long, ignored");
        } else if let Some(event) = Published::foreign(&delivery.data) {
            feed.pass(event);
        } else {
            tracing::warn!(
                routing_key = delivery.routing_key.as_str(),
                "an event of somebody else names no event or branch, ignored"
            );
        }
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}
