//! Counting messages.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::RabbitQueue;
use super::counter::Counter;
use super::session::Session;
use super::topology::Place;
use crate::queue::{Depth, Priority, QueueError, QueueName};

/// Makes a time of milliseconds; a stranger's header may hold any number.
pub(super) fn moment(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}

impl RabbitQueue {
    /// Counts what the broker holds and what this process has prefetched or claimed.
    ///
    /// The broker does not tell what other processes hold, nor since when a message has been ready: `leased` and
    /// `oldest_ready` are about this process only. A queue of the broker that others declare is counted within a minute.
    pub(super) async fn read_depths(&self) -> Result<Vec<Depth>, QueueError> {
        let session = self.session().await?;
        let mut counter = Counter::new(&session);
        let mut depths = Vec::with_capacity(QueueName::COUNT);
        for queue in QueueName::all() {
            match session.in_time("count messages", self.read_depth(&session, &mut counter, queue)).await {
                Ok(depth) => depths.push(depth),
                Err(error) => {
                    counter.end().await;
                    return Err(error);
                }
            }
        }
        counter.end().await;
        Ok(depths)
    }

    async fn read_depth(
        &self,
        session: &Session,
        counter: &mut Counter<'_>,
        queue: QueueName,
    ) -> Result<Depth, QueueError> {
        let mut depth = Depth::empty(queue);
        let work = Place::Work(queue, Priority::Normal);
        // Declared before any other of the queue.
        let Some(ready) = counter.count(&work).await? else { return Ok(depth) };
        depth.ready = ready;
        depth.ready += counter.count(&Place::Work(queue, Priority::High)).await?.unwrap_or(0);
        for place in self.options.waiting_places(queue) {
            depth.delayed += counter.count(&place).await?.unwrap_or(0);
        }
        depth.dead = counter.count(&Place::Dead(queue)).await?.unwrap_or(0);
        let mut oldest: Option<i64> = None;
        for feed in session.consumers.living().into_iter().filter(|feed| feed.queue == queue) {
            // What was on its way when the broker counted was not counted there. What leaves the broker in between
            // is counted twice, which is better than not at all: nobody stops working on a queue for that.
            feed.settle_arrivals().await?;
            let (ready, claimed, due) = feed.counts();
            depth.ready += ready;
            depth.leased += claimed;
            oldest = oldest.into_iter().chain(due).min();
        }
        let now = self.clock.now();
        depth.oldest_ready = oldest.map(|due| Duration::from_millis(u64::try_from(now - due).unwrap_or(0)));
        Ok(depth)
    }
}
