//! The bridge between exchanges of a real broker.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use treeherder_ingest::bridge::{
    AmqpPublisher, Bridge, BridgeSettings, JobPublisher, Publication, RoutingKey, RunOptions, inspect,
    inspection_source, job_of_delivery,
};
use treeherder_ingest::pulse::{Binding, Delivery, Incoming, Recording, Source};

use super::rabbitmq::RabbitMq;
use super::support::{REVISION, TASK, definition, queue_of, routed, run, waiting};

const EXCHANGE: &str = "exchange/guest/v1/jobs";

fn settings(server: &RabbitMq) -> BridgeSettings {
    let url = server.url("/");
    BridgeSettings::read(|name| match name {
        "PULSE_URL" => Some(url.clone()),
        "TASKCLUSTER_ROOT_URL" => Some("https://tc.example.com".to_owned()),
        "TREEHERDER_ROUTE_PREFIX" => Some("tc-treeherder".to_owned()),
        _ => None,
    })
    .unwrap()
}

/// Publishes a task event as Taskcluster's queue does, with the route in the header `CC`.
async fn announce(settings: &BridgeSettings, delivery: &Delivery) {
    let publisher = AmqpPublisher::new(settings.source.clone(), delivery.exchange.as_str());
    let key = RoutingKey { primary: delivery.routing_key.clone(), cc: delivery.cc[0].clone() };
    publisher.publish(Publication { key, body: delivery.body.clone() }).await.unwrap();
    publisher.close().await;
}

async fn next(source: &mut dyn Source) -> Delivery {
    let received = source.next().await.unwrap().unwrap();
    let Incoming::Delivery(delivery) = received.incoming.clone() else { panic!("{received:?}") };
    received.ack().await.unwrap();
    delivery
}

#[tokio::test]
async fn task_events_become_jobs_of_which_every_binding_gets_one_copy() {
    let Some(server) = RabbitMq::start() else { return };
    let settings = settings(&server);
    assert_eq!(settings.exchange(), EXCHANGE);
    for binding in settings.bindings() {
        AmqpPublisher::new(settings.source.clone(), binding.exchange).check().await.unwrap();
    }
    let publisher = Arc::new(settings.amqp_publisher());
    publisher.check().await.unwrap();
    let mut events = settings.amqp_source();
    events.check().await.unwrap();

    let patterns = ["#", "tc-treeherder.#", "*.try", "*.try.#", "tc-treeherder.try._"];
    let mut consumers: Vec<_> = Vec::new();
    for pattern in patterns {
        let binding = Binding { exchange: EXCHANGE.to_owned(), routing_keys: vec![pattern.to_owned()] };
        let mut source = inspection_source(settings.source.clone(), binding);
        // A first message of no importance tells that the queue is there and bound.
        let early = async {
            loop {
                let key = RoutingKey::new("tc-treeherder", "try").unwrap();
                publisher.publish(Publication { key, body: b"{}".to_vec() }).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            delivery = next(&mut source) => assert_eq!(delivery.body, b"{}"),
            () = early => {}
        }
        consumers.push(source);
    }

    let bridge = Bridge::new(Arc::new(queue_of(definition())), publisher.clone(), settings.options.clone());
    let route = format!("tc-treeherder.v2.try.{REVISION}.7");
    announce(&settings, &routed("running", 0, &json!([run("running")]), &[&route])).await;
    announce(&settings, &routed("pending", 1, &json!([run("exception"), waiting("retry")]), &[&route])).await;
    announce(&settings, &routed("running", 0, &json!([run("running")]), &["other.v2.try.abc"])).await;
    announce(&settings, &routed("completed", 1, &json!([run("failed"), run("completed")]), &[&route])).await;

    let stop = CancellationToken::new();
    // One at a time keeps the order, which the bridge does not promise.
    let options = RunOptions { prefetch: 1, ..RunOptions::default() };
    let consumed = async {
        for (pattern, consumer) in patterns.iter().zip(&mut consumers) {
            let mut jobs: Vec<(Value, Value, Value)> = Vec::new();
            while jobs.len() < 4 {
                let delivery = next(consumer).await;
                if delivery.body == b"{}" {
                    continue;
                }
                assert_eq!(delivery.routing_key, "tc-treeherder.try._");
                assert_eq!(delivery.cc, ["tc-treeherder.try"]);
                assert_eq!(
                    job_of_delivery(&delivery).unwrap().job.taskcluster_task_id.as_deref(),
                    Some(TASK)
                );
                let job: Value = serde_json::from_slice(&delivery.body).unwrap();
                jobs.push((job["retryId"].clone(), job["state"].clone(), job["result"].clone()));
            }
            let mut expected = vec![
                (json!(0), json!("running"), json!("unknown")),
                (json!(0), json!("completed"), json!("fail")),
                (json!(1), json!("pending"), json!("unknown")),
                (json!(1), json!("completed"), json!("success")),
            ];
            // The events came through different exchanges into one queue, in the order of publishing.
            assert_eq!(jobs, std::mem::take(&mut expected), "{pattern}");
        }
        stop.cancel();
    };
    tokio::join!(bridge.run(&mut events, options, &stop), consumed);
    assert_eq!(bridge.counters().get("handle-message"), 3);
    assert!(bridge.problems().latest().is_empty());
    events.close().await;
    publisher.close().await;
}

#[tokio::test]
async fn a_publisher_outlives_the_connections_and_gives_up_in_time() {
    let Some(server) = RabbitMq::start_own() else { return };
    let settings = settings(&server);
    let publisher = settings.amqp_publisher();
    let publication = || Publication {
        key: RoutingKey::new("tc-treeherder", "try").unwrap(),
        body: b"{\"a\": 1}".to_vec(),
    };
    publisher.publish(publication()).await.unwrap();
    server.close_all_connections();
    publisher.publish(publication()).await.unwrap();

    let binding = Binding { exchange: EXCHANGE.to_owned(), routing_keys: vec!["*.try".to_owned()] };
    let mut source = inspection_source(settings.source.clone(), binding.clone());
    source.check().await.unwrap();
    let mut shown: Vec<Recording> = Vec::new();
    let show = |recording: &Recording| {
        shown.push(recording.clone());
        false
    };
    let stop = CancellationToken::new();
    let publish = async {
        loop {
            publisher.publish(publication()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        inspected = inspect(&mut source, &binding, show, &stop) => inspected.unwrap(),
        () = publish => {}
    }
    assert_eq!((shown[0].exchange.as_str(), &shown[0].body), (EXCHANGE, &json!({"a": 1})));

    drop(server);
    let publisher = settings.amqp_publisher().with_deadline(Duration::from_millis(600));
    let error = publisher.publish(publication()).await.unwrap_err().to_string();
    assert!(error.contains(EXCHANGE) && error.contains("no connection"), "{error}");
    assert!(!error.contains("guest:guest"), "{error}");
}
