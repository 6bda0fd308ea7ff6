//! Settling what was claimed.

use std::collections::HashMap;
use std::sync::Arc;

use super::RabbitQueue;
use super::envelope::Envelope;
use super::feed::{Feed, Held};
use crate::queue::clock::milliseconds;
use crate::queue::{Burial, QueueError, Receipt, Retry};

/// A claimed message with the consumer it came through.
pub(super) struct Claimed(Arc<Feed>, Held);

impl RabbitQueue {
    /// Returns those of the messages that this process still holds, each with its position among the receipts.
    pub(super) async fn held(&self, receipts: &[Receipt]) -> Vec<(usize, Claimed)> {
        let Some(session) = self.present_session().await else { return Vec::new() };
        let feeds = session.consumers.living();
        let find = |receipt: &Receipt| {
            let feed = feeds.iter().find(|feed| feed.token == receipt.token())?;
            let held = feed.claimed(u64::try_from(receipt.id()).ok()?)?;
            Some(Claimed(Arc::clone(feed), held))
        };
        receipts
            .iter()
            .enumerate()
            .filter_map(|(position, receipt)| find(receipt).map(|claimed| (position, claimed)))
            .collect()
    }

    pub(super) async fn acknowledge(&self, receipts: &[Receipt]) -> Result<usize, QueueError> {
        Ok(forget(self.held(receipts).await).await)
    }

    /// Publishes each held message as `next` makes it, then forgets the old ones.
    async fn replace(
        &self,
        operation: &'static str,
        receipts: &[Receipt],
        next: impl Fn(usize, Envelope) -> Envelope,
    ) -> Result<usize, QueueError> {
        let held = self.held(receipts).await;
        let envelopes = held
            .iter()
            .map(|(position, Claimed(_, held))| {
                let mut envelope = Envelope::clone(&held.envelope);
                envelope.attempts = envelope.attempts.saturating_add(1);
                next(*position, envelope)
            })
            .collect();
        self.send(operation, envelopes).await?;
        Ok(forget(held).await)
    }

    pub(super) async fn send_on_retries(&self, retries: &[Retry]) -> Result<usize, QueueError> {
        let receipts: Vec<_> = retries.iter().map(|retry| retry.receipt).collect();
        let now = self.clock.now();
        self.replace("schedule retries", &receipts, |position, envelope| {
            let retry = &retries[position];
            let due = now.saturating_add(milliseconds(retry.delay));
            Envelope { due, ..envelope.with_error(&retry.error) }
        })
        .await
    }

    pub(super) async fn bury(&self, burials: &[Burial]) -> Result<usize, QueueError> {
        let receipts: Vec<_> = burials.iter().map(|burial| burial.receipt).collect();
        self.replace("keep dead letters", &receipts, |position, envelope| {
            let dead = Some(self.death());
            Envelope { dead, ..envelope.with_error(&burials[position].error) }
        })
        .await
    }

    /// Gives messages back; they come anew, because the broker would count what is returned as an attempt.
    pub(super) async fn give_back(&self, receipts: &[Receipt]) -> Result<usize, QueueError> {
        let now = self.clock.now();
        self.replace("release messages", receipts, |_, envelope| Envelope {
            attempts: envelope.attempts.saturating_sub(1),
            due: now,
            ..envelope
        })
        .await
    }
}

async fn forget(held: Vec<(usize, Claimed)>) -> usize {
    let mut by_feed: HashMap<i64, (Arc<Feed>, Vec<u64>)> = HashMap::new();
    for (_, Claimed(feed, held)) in held {
        by_feed.entry(feed.token).or_insert_with(|| (feed, Vec::new())).1.push(held.tag);
    }
    let mut forgotten = 0;
    for (feed, tags) in by_feed.into_values() {
        forgotten += feed.forget(&tags).await;
    }
    forgotten
}
