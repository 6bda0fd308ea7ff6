//! Settings of the queues on RabbitMQ.

use std::time::Duration;

use crate::pulse::AmqpUrl;

/// Settings of a [`RabbitQueue`](super::RabbitQueue).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RabbitOptions {
    /// Where the broker is, and as whom; the path names the virtual host.
    pub url: AmqpUrl,
    /// Name of the process in the broker's list of connections.
    pub name: String,
    /// What the names of all queues begin with.
    ///
    /// Upstream's classic queues have the bare names, and a queue's type cannot be changed.
    pub prefix: String,
    /// Messages of one queue and priority in this process, claimed or ready to be, unless a worker tells its need.
    pub prefetch: u16,
    /// The back-off steps: a delay is made of the largest ones that fit, and the rest is rounded up.
    pub steps: Vec<Duration>,
    /// How long a queue that this process made on the broker is left alone before something is published to it.
    ///
    /// RabbitMQ 3.10 writes down half a second later that it has a new quorum queue. When it is killed before that, the
    /// queue comes back without a leader and without its messages, confirmed ones too.
    pub settling: Duration,
    /// How long the broker may take to confirm what is published.
    pub confirm_timeout: Duration,
    /// Largest payload the broker takes (its `max_message_size`).
    pub max_message_bytes: usize,
}

impl RabbitOptions {
    /// Returns the defaults for a broker.
    #[must_use]
    pub fn new(url: AmqpUrl, name: impl Into<String>) -> Self {
        // Doubling from the first retry's 10 s on: with them every delay of the retry policy (multiples of 10 s) is
        // exact, and takes at most one hop per step.
        let doubling = (0..10).map(|n| Duration::from_secs(10 << n));
        Self {
            url,
            name: name.into(),
            prefix: "treeherder.".to_owned(),
            prefetch: 100,
            steps: std::iter::once(Duration::from_secs(1)).chain(doubling).collect(),
            settling: Duration::from_secs(1),
            confirm_timeout: Duration::from_secs(60),
            max_message_bytes: 128 * 1024 * 1024,
        }
    }
}
