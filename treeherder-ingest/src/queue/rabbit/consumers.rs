//! The consumers of one connection, each started when its queue is claimed from first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::feed::Feed;
use crate::queue::{Priority, QueueError, QueueName};

/// How long claims wait for a consumer to start before they go on without it.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long one that could not be started is left alone: claims may follow each other within milliseconds.
const PAUSE: Duration = Duration::from_secs(1);

type Starting = AbortOnDropHandle<Result<Feed, QueueError>>;

/// A consumer that does not work.
#[derive(Debug)]
enum Missing {
    /// The broker has not answered yet.
    Late(Starting),
    /// The broker has refused it, at that time.
    Refused(Instant),
}

/// Consumers that work, and those that do not.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    living: Mutex<HashMap<(QueueName, Priority), Arc<Feed>>>,
    /// Held while a consumer is started: one at a time, else two claims would start two of them.
    missing: tokio::sync::Mutex<HashMap<(QueueName, Priority), Missing>>,
}

impl Consumers {
    /// Returns those that work.
    pub(super) fn living(&self) -> Vec<Arc<Feed>> {
        // Only whole values are put into the map.
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        living.retain(|_, feed| feed.is_alive());
        living.values().cloned().collect()
    }

    fn of(&self, queue: QueueName, priority: Priority) -> Option<Arc<Feed>> {
        let living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        living.get(&(queue, priority)).filter(|feed| feed.is_alive()).cloned()
    }

    /// Returns those of a queue, after `start` has started what is missing.
    ///
    /// One that the broker does not answer about is left out until it does, one that it refuses for a while.
    pub(super) async fn of_queue<S>(
        &self,
        queue: QueueName,
        start: impl Fn(Priority) -> S,
    ) -> Result<Vec<Arc<Feed>>, QueueError>
    where
        S: Future<Output = Result<Feed, QueueError>> + Send + 'static,
    {
        let all = || Priority::ALL.map(|priority| self.of(queue, priority));
        if let [Some(high), Some(normal)] = all() {
            return Ok(vec![high, normal]);
        }
        let mut missing = self.missing.lock().await;
        let mut failed = None;
        for priority in Priority::ALL {
            let key = (queue, priority);
            if self.of(queue, priority).is_some() {
                continue;
            }
            let (mut starting, patience) = match missing.remove(&key) {
                Some(Missing::Late(starting)) => (starting, Duration::ZERO),
                Some(Missing::Refused(since)) if since.elapsed() < PAUSE => {
                    missing.insert(key, Missing::Refused(since));
                    continue;
                }
                _ => (AbortOnDropHandle::new(tokio::spawn(start(priority))), PATIENCE),
            };
            let error = match timeout(patience, &mut starting).await {
                Ok(Ok(Ok(feed))) => {
                    let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
                    living.insert(key, Arc::new(feed));
                    continue;
                }
                Ok(Ok(Err(error))) => error,
                Ok(Err(error)) => no_consumer(error.to_string()),
                Err(_) => {
                    if !patience.is_zero() {
                        let priority = priority.as_number();
                        tracing::warn!(queue.name = %queue, priority, "the broker does not answer about a queue");
                    }
                    missing.insert(key, Missing::Late(starting));
                    continue;
                }
            };
            tracing::warn!(queue.name = %queue, %error, "a consumer could not be started");
            missing.insert(key, Missing::Refused(Instant::now()));
            failed = Some(error);
        }
        let found: Vec<_> = all().into_iter().flatten().collect();
        if found.is_empty() {
            return Err(failed.unwrap_or_else(|| no_consumer(format!("{queue} has none"))));
        }
        Ok(found)
    }
}

fn no_consumer(reason: String) -> QueueError {
    QueueError::Broker { operation: "consume a queue", reason }
}
