//! A broker that is killed and starts again.

use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};
use treeherder_ingest::pulse::AmqpUrl;
use treeherder_ingest::queue::{Message, Queue as _, QueueName, RabbitOptions, RabbitQueue};

use crate::support::rabbitmq::RabbitMq;

const STEP: Duration = Duration::from_millis(200);

/// Publishes messages that are due later, and waits until they have been handed out.
async fn pass_through(queue: &RabbitQueue, numbers: std::ops::Range<u32>) {
    let message = |number| Message::new(QueueName::Statsd, format!("{number}")).with_delay(STEP);
    let messages: Vec<Message> = numbers.clone().map(message).collect();
    // Where the connection is gone, it is made anew.
    while queue.publish(&messages).await.is_err() {
        sleep(STEP).await;
    }
    let mut missing: Vec<String> = numbers.map(|number| number.to_string()).collect();
    while !missing.is_empty() {
        let claimed =
            queue.claim(&[QueueName::Statsd], 10, Duration::from_secs(60)).await.unwrap_or_default();
        missing.retain(|text| claimed.iter().all(|delivery| delivery.payload != *text));
        let receipts: Vec<_> = claimed.iter().map(|delivery| delivery.receipt).collect();
        queue.ack(&receipts).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_due_after_a_restart_of_the_broker_too() {
    let Some(server) = block_in_place(RabbitMq::start_own) else { return };
    let mut options = RabbitOptions::new(AmqpUrl::parse(&server.url("/")).unwrap(), "a");
    options.steps = vec![STEP];
    options.confirm_timeout = Duration::from_secs(5);
    let queue = RabbitQueue::new(options);
    for round in 0..3 {
        let passed =
            timeout(Duration::from_secs(180), pass_through(&queue, round * 10..round * 10 + 5)).await;
        passed.unwrap_or_else(|_| panic!("messages of round {round} never came"));
        block_in_place(|| server.restart());
    }
}

/// RabbitMQ 3.10 forgets queues that are younger than half a second, with messages that it has confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_outlives_a_broker_that_is_killed_right_after_its_first_message() {
    let Some(server) = block_in_place(RabbitMq::start_own) else { return };
    let options = RabbitOptions::new(AmqpUrl::parse(&server.url("/")).unwrap(), "a");
    let queue = RabbitQueue::new(options);
    let names: Vec<QueueName> = QueueName::all().collect();
    let messages: Vec<Message> = names.iter().map(|name| Message::new(*name, name.as_str())).collect();
    queue.publish(&messages).await.unwrap();
    block_in_place(|| server.restart());
    let all = async {
        let mut missing: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        while !missing.is_empty() {
            for name in &names {
                let claimed = queue.claim(&[*name], 10, Duration::from_secs(60)).await.unwrap_or_default();
                missing.retain(|text| claimed.iter().all(|delivery| delivery.payload != *text));
            }
            println!("missing: {missing:?}");
            sleep(STEP).await;
        }
    };
    timeout(Duration::from_secs(120), all).await.expect("messages that were confirmed came back");
}
