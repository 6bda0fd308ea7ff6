//! Deliveries from inside the process.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::recording::Pending;
use super::{Delivery, Incoming, Received, Source, SourceError};

/// Hands out what is sent through a [`ChannelSender`]; ends when all senders are gone and everything is settled.
#[derive(Debug)]
pub struct ChannelSource {
    receiver: mpsc::Receiver<Incoming>,
    pending: Arc<Pending>,
}

/// Sends deliveries to a [`ChannelSource`].
#[derive(Clone, Debug)]
pub struct ChannelSender(mpsc::Sender<Incoming>);

impl ChannelSender {
    /// Sends a delivery, waiting while the channel is full; false when the source is gone.
    pub async fn send(&self, delivery: Delivery) -> bool {
        self.0.send(Incoming::Delivery(delivery)).await.is_ok()
    }
}

impl ChannelSource {
    /// Makes a source that holds at most `capacity` deliveries (at least one) that were not asked for yet.
    #[must_use]
    pub fn new(capacity: usize) -> (ChannelSender, Self) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (ChannelSender(sender), Self { receiver, pending: Arc::default() })
    }
}

#[async_trait]
impl Source for ChannelSource {
    async fn next(&mut self) -> Result<Option<Received>, SourceError> {
        loop {
            if let Some(returned) = self.pending.take_returned() {
                return Ok(Some(self.pending.hand_out(returned).with_redelivered(true)));
            }
            tokio::select! {
                biased;
                sent = self.receiver.recv() => match sent {
                    Some(incoming) => return Ok(Some(self.pending.hand_out(incoming))),
                    None if self.pending.is_idle() => return Ok(None),
                    None => self.pending.changed().await,
                },
                () = self.pending.changed() => {}
            }
        }
    }
}
