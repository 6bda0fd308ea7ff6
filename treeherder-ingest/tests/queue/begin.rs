//! Workers that begin at the same time on a broker that has no queues yet.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use treeherder_ingest::queue::QueueName;

use crate::backend::{Backend as _, Rabbit};

/// RabbitMQ 3.10 may fail where several declare the same new queue at once, and end the connections over which they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_begin_at_once_get_their_consumers() {
    let Some(backend) = Rabbit::start().await else { return };
    let mut queues = Vec::new();
    for owner in ["a", "b", "c", "d", "e"] {
        queues.push(backend.open(owner).await);
    }
    for name in QueueName::all() {
        let mut claims = JoinSet::new();
        for queue in &queues {
            let queue = Arc::clone(queue);
            claims.spawn(async move {
                loop {
                    let claimed = queue.claim(&[name], 1, Duration::from_secs(60)).await;
                    match claimed.map_err(|error| error.to_string()) {
                        // On a busy machine the broker may take longer than a claim waits for a consumer.
                        Err(error) if error.ends_with("has none") => {}
                        claimed => return claimed,
                    }
                }
            });
        }
        for claimed in claims.join_all().await {
            assert_eq!(claimed, Ok(Vec::new()), "{name}");
        }
    }
}
