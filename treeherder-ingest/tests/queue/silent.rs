//! A queue of RabbitMQ that does not answer.

use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};
use treeherder_ingest::pulse::AmqpUrl;
use treeherder_ingest::queue::{Message, Queue as _, QueueName, RabbitOptions, RabbitQueue};

use crate::support::rabbitmq::RabbitMq;

const MINUTE: Duration = Duration::from_secs(60);

/// A queue that was declared shortly before the broker died can come back without a leader: what is published to it is never confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_queue_that_does_not_answer_is_avoided() {
    let Some(server) = block_in_place(RabbitMq::start_own) else { return };
    let mut options = RabbitOptions::new(AmqpUrl::parse(&server.url("/")).unwrap(), "a");
    options.steps = vec![Duration::from_secs(1), MINUTE, 2 * MINUTE];
    options.confirm_timeout = Duration::from_secs(5);
    let queue = RabbitQueue::new(options);
    // A delay is made of the steps that fit, so it is a little longer.
    let slack = Duration::from_secs(30);
    let message = |delay| Message::new(QueueName::Statsd, "later").with_delay(delay + slack);
    queue.publish(&[message(MINUTE), message(2 * MINUTE)]).await.unwrap();

    let silent = "treeherder.statsd.retry.120000";
    block_in_place(|| server.suspend_queue(silent));
    let error = queue.publish(&[message(MINUTE), message(2 * MINUTE)]).await.unwrap_err().to_string();
    assert!(error.contains(&format!("no confirmation in 5s for {silent}")), "{error}");

    // What should wait there waits elsewhere, as long as there is something near.
    queue.publish(&[message(2 * MINUTE), message(MINUTE)]).await.unwrap();
    // The broker counts every few seconds.
    let waiting = async {
        loop {
            let messages = block_in_place(|| server.messages("/"));
            let in_queue =
                |name: &str| messages.iter().find(|(queue, _)| queue == name).map(|(_, messages)| *messages);
            assert_eq!(in_queue("treeherder.statsd.retry.1000"), None, "{messages:?}");
            if in_queue("treeherder.statsd.retry.60000") == Some(4) {
                return;
            }
            sleep(Duration::from_millis(500)).await;
        }
    };
    timeout(Duration::from_secs(60), waiting).await.expect("four messages wait a minute");
}
