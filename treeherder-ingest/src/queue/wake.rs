//! Wakes consumers in the same process.

use std::time::Duration;

use tokio::sync::watch;

use super::QueueName;

/// Tells the consumers of each queue that there may be something to claim.
#[derive(Debug)]
pub(crate) struct WakeUps([watch::Sender<u64>; QueueName::COUNT]);

impl Default for WakeUps {
    fn default() -> Self {
        Self(std::array::from_fn(|_| watch::Sender::new(0)))
    }
}

impl WakeUps {
    pub(crate) fn wake(&self, queue: QueueName) {
        self.0[queue.index()].send_modify(|generation| *generation = generation.wrapping_add(1));
    }

    pub(crate) fn subscribe(&self, queue: QueueName) -> WakeUp {
        WakeUp(self.0[queue.index()].subscribe())
    }
}

/// Waits for news of one queue.
///
/// Call [`mark`](Self::mark), claim, and [`wait`](Self::wait) when nothing was there: what was published between
/// the two is not missed.
#[derive(Clone, Debug)]
pub struct WakeUp(watch::Receiver<u64>);

impl WakeUp {
    /// Wraps a counter that changes with every publication; for implementations of [`Queue`](super::Queue).
    #[must_use]
    pub fn new(generation: watch::Receiver<u64>) -> Self {
        Self(generation)
    }

    /// Forgets the news so far.
    pub fn mark(&mut self) {
        self.0.borrow_and_update();
    }

    /// Waits for news since [`mark`](Self::mark), or for `poll` to pass: other processes do not wake this one.
    pub async fn wait(&mut self, poll: Duration) {
        // A closed channel (the queue is gone) must not turn the caller's loop into a busy one.
        let news = async {
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(poll, news).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn news_between_mark_and_wait_is_not_missed() {
        let wake_ups = WakeUps::default();
        let mut statsd = wake_ups.subscribe(QueueName::Statsd);
        let mut pushlog = wake_ups.subscribe(QueueName::Pushlog);
        statsd.mark();
        pushlog.mark();
        wake_ups.wake(QueueName::Statsd);

        let start = tokio::time::Instant::now();
        statsd.wait(Duration::from_secs(60)).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pushlog.wait(Duration::from_secs(60)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(60));
    }
}
