//! Looking at dead letters and putting them back.

use std::collections::VecDeque;
use std::time::Duration;

use lapin::options::{BasicAckOptions, BasicGetOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection};

use super::RabbitQueue;
use super::counter::Counter;
use super::depth::moment;
use super::envelope::{Death, Envelope};
use super::session::refused;
use super::topology::Place;
use crate::pulse::{connect, end};
use crate::queue::{DeadLetter, Page, QueueError, QueueName};

/// Most dead letters on one page.
const MAX_PAGE: u32 = 1_000;
/// How long to wait for somebody else who looks at the same dead letters, in tenths of a second.
const LOCK_TRIES: u32 = 100;

/// A look into a queue of dead letters; what is taken out of it and not acknowledged goes back at the end.
///
/// Meanwhile others would see the queue without those messages, so there is only one look at a time: an exclusive
/// queue, which ends with its connection, keeps others waiting, in this process and elsewhere.
struct Look {
    connection: Connection,
    channel: Channel,
    name: String,
    queue: QueueName,
    /// Messages that were there at the beginning and have not been read.
    left: u64,
}

impl Look {
    async fn begin(handle: &RabbitQueue, queue: QueueName) -> Result<Option<Self>, QueueError> {
        let session = handle.session().await?;
        let place = Place::Dead(queue);
        let mut counter = Counter::new(&session);
        let count = counter.count_now(&place).await;
        counter.end().await;
        let Some(count) = count? else { return Ok(None) };
        let options = &handle.options;
        let failed = refused("look at dead letters");
        let connection =
            connect(&options.url, &options.url.vhost(), &format!("{} dead letters", options.name))
                .await
                .map_err(&failed)?;
        let name = place.name(&options.prefix);
        let lock = format!("{name}.lock");
        let mut tries = 0;
        loop {
            let channel = connection.create_channel().await.map_err(&failed)?;
            let exclusive = QueueDeclareOptions::exclusive();
            match channel.queue_declare(lock.as_str().into(), exclusive, FieldTable::default()).await {
                Ok(_) => {
                    // Whoever looked before may have put messages back in the meantime.
                    let mut counter = Counter::new(&session);
                    let left = counter.count_now(&place).await;
                    counter.end().await;
                    let left = left?.unwrap_or(count);
                    return Ok(Some(Self { connection, channel, name, queue, left }));
                }
                Err(error) if tries >= LOCK_TRIES => {
                    end(&connection).await;
                    return Err(failed(error));
                }
                Err(error) => tracing::debug!(%error, "somebody else looks at the dead letters"),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Takes the next dead letter, oldest first.
    async fn next(&mut self, handle: &RabbitQueue) -> Result<Option<(u64, Envelope)>, QueueError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let got = self.channel.basic_get(self.name.as_str().into(), BasicGetOptions::default()).await;
        let Some(message) = got.map_err(refused("look at dead letters"))? else { return Ok(None) };
        let delivery = message.delivery;
        let now = handle.clock.now();
        let envelope = Envelope::read(self.queue, &delivery.properties, delivery.data, now);
        Ok(Some((delivery.delivery_tag, envelope)))
    }

    async fn end(self) {
        end(&self.connection).await;
    }
}

impl RabbitQueue {
    pub(super) async fn list_dead(
        &self,
        queue: QueueName,
        page: Page,
    ) -> Result<Vec<DeadLetter>, QueueError> {
        let Some(mut look) = Look::begin(self, queue).await? else { return Ok(Vec::new()) };
        let listed = self.newest(&mut look, page).await;
        look.end().await;
        listed
    }

    /// Reads all dead letters and keeps the newest of the page.
    async fn newest(&self, look: &mut Look, page: Page) -> Result<Vec<DeadLetter>, QueueError> {
        let before = page.before.unwrap_or(i64::MAX);
        let limit = page.limit.min(MAX_PAGE) as usize;
        let mut letters = VecDeque::new();
        while let Some((_, envelope)) = look.next(self).await? {
            let Death { id, since } = envelope.dead.unwrap_or(Death { id: 0, since: 0 });
            if id >= before {
                continue;
            }
            letters.push_back(DeadLetter {
                id,
                message_id: envelope.id,
                queue: look.queue,
                payload: envelope.text(),
                error: envelope.error.unwrap_or_default(),
                attempts: envelope.attempts,
                first_seen: moment(envelope.first_seen),
                dead_since: moment(since),
            });
            if letters.len() > limit {
                letters.pop_front();
            }
        }
        let mut letters = Vec::from(letters);
        letters.sort_by_key(|letter| std::cmp::Reverse(letter.id));
        Ok(letters)
    }

    /// Puts the dead letter with that id back, or all of them; returns how many.
    pub(super) async fn revive(&self, queue: QueueName, id: Option<i64>) -> Result<u64, QueueError> {
        let Some(mut look) = Look::begin(self, queue).await? else { return Ok(0) };
        let revived = self.revive_from(&mut look, id).await;
        look.end().await;
        revived
    }

    /// Removes the dead letter with that id for good.
    pub(super) async fn throw_away(&self, queue: QueueName, id: i64) -> Result<bool, QueueError> {
        let Some(mut look) = Look::begin(self, queue).await? else { return Ok(false) };
        let removed = self.throw_away_from(&mut look, id).await;
        look.end().await;
        removed
    }

    async fn throw_away_from(&self, look: &mut Look, id: i64) -> Result<bool, QueueError> {
        while let Some((tag, envelope)) = look.next(self).await? {
            if envelope.dead.is_some_and(|death| death.id == id) {
                let acked = look.channel.basic_ack(tag, BasicAckOptions::default()).await;
                return acked.map(|()| true).map_err(refused("discard a dead letter"));
            }
        }
        Ok(false)
    }

    async fn revive_from(&self, look: &mut Look, id: Option<i64>) -> Result<u64, QueueError> {
        let mut revived = 0;
        while let Some((tag, envelope)) = look.next(self).await? {
            if id.is_some_and(|id| envelope.dead.is_none_or(|death| death.id != id)) {
                continue;
            }
            let now = self.clock.now();
            let alive = Envelope { attempts: 0, due: now, dead: None, ..envelope };
            self.send("put dead letters back", vec![alive]).await?;
            let acked = look.channel.basic_ack(tag, BasicAckOptions::default()).await;
            acked.map_err(refused("put dead letters back"))?;
            revived += 1;
            if id.is_some() {
                break;
            }
        }
        Ok(revived)
    }
}
