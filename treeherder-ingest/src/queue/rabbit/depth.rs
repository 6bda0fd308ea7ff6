//! Counting messages.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::RabbitQueue;
use super::session::Counter;
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
    /// `oldest_ready` are about this process only.
    pub(super) async fn read_depths(&self) -> Result<Vec<Depth>, QueueError> {
        let session = self.session().await?;
        let now = self.clock.now();
        let mut counter = Counter::new(&session);
        let mut depths = Vec::with_capacity(QueueName::COUNT);
        for queue in QueueName::all() {
            let mut depth = Depth::empty(queue);
            let feed = session.feeds().into_iter().find(|feed| feed.queue == queue);
            if let Some(feed) = &feed {
                // What is on its way is counted neither there nor here.
                feed.settle_arrivals().await?;
            }
            for priority in Priority::ALL {
                depth.ready += counter.count(&Place::Work(queue, priority)).await?.unwrap_or(0);
            }
            for place in self.options.waiting_places(queue) {
                depth.delayed += counter.count(&place).await?.unwrap_or(0);
            }
            depth.dead = counter.count(&Place::Dead(queue)).await?.unwrap_or(0);
            if let Some(feed) = feed {
                let (ready, claimed, oldest) = feed.counts();
                depth.ready += ready;
                depth.leased = claimed;
                depth.oldest_ready =
                    oldest.map(|due| Duration::from_millis(u64::try_from(now - due).unwrap_or(0)));
            }
            depths.push(depth);
        }
        Ok(depths)
    }
}
