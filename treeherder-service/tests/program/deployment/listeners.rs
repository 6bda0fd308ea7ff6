//! Listeners: two Taskcluster deployments on two virtual hosts, no database, any end.

use std::time::Duration;

use serde_json::{Value, json};
use treeherder_ingest::pulse::AmqpUrl;
use treeherder_ingest::queue::{Queue as _, QueueName, RabbitOptions, RabbitQueue};

use super::servers::{Logged, publish, python, started};
use crate::servers::rabbitmq::{RabbitMq, SECOND_VHOST};
use crate::support::{Place, eventually_async};

const FIREFOX: &str = "https://firefox.example";
const COMMUNITY: &str = "https://community.example";

/// A task event with a number to tell it by.
fn event(number: usize) -> Value {
    json!({
        "exchange": "exchange/taskcluster-queue/v1/task-pending",
        "routing_key": format!("primary.task{number}._"),
        "cc": ["route.tc-treeherder.v2.autoland.abc.1"],
        "body": {"number": number},
    })
}

fn write(place: &Place, name: &str, events: impl Iterator<Item = Value>) -> std::path::PathBuf {
    let lines: Vec<String> = events.map(|event| event.to_string()).collect();
    std::fs::write(place.file(name), lines.join("\n")).unwrap();
    place.file(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_deployment_has_its_root_url_and_no_end_of_a_listener_loses_a_message() {
    if python().is_none() {
        return;
    }
    let Some(rabbit) = started(RabbitMq::start) else { return };
    let place = Place::new();
    let source = |root_url: &str, vhost: &str| json!({"pulse_url": rabbit.url("/"), "root_url": root_url, "vhost": vhost});
    let sources = json!([source(FIREFOX, "/"), source(COMMUNITY, SECOND_VHOST)]);
    place.set("PULSE_TASK_SOURCES", &sources.to_string());
    place.set("BROKER_URL", &rabbit.url("/"));
    // Nobody is there: a listener needs no database.
    place.set("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let nothing = write(&place, "nothing.jsonl", std::iter::empty());
    for vhost in ["/", SECOND_VHOST] {
        publish("pika", &rabbit.url(vhost), &nothing);
    }
    let start = || {
        let listener = Logged::start(&place, &["pulse_listener_tasks"]);
        for _ in 0..2 {
            listener.await_message("\"listening\"");
        }
        listener
    };
    let first = start();
    publish("pika", &rabbit.url("/"), &write(&place, "1.jsonl", (0..50).map(event)));
    publish("kombu", &rabbit.url(SECOND_VHOST), &write(&place, "2.jsonl", (50..100).map(event)));
    first.kill();
    // While nobody listens, the durable queues keep what comes.
    publish("kombu", &rabbit.url("/"), &write(&place, "3.jsonl", (100..150).map(event)));
    let second = start();
    publish("pika", &rabbit.url(SECOND_VHOST), &write(&place, "4.jsonl", (150..200).map(event)));
    second.stop();
    let third = start();

    let url = AmqpUrl::parse(&rabbit.url("/")).unwrap();
    let queue = RabbitQueue::new(RabbitOptions::new(url, "test"));
    let mut root_urls: std::collections::BTreeMap<u64, String> = std::collections::BTreeMap::new();
    eventually_async("work item of every task", async || {
        let lease = Duration::from_secs(60);
        let claimed = queue.claim(&[QueueName::StorePulseTasks], 100, lease).await.unwrap();
        for delivery in &claimed {
            let item: Value = serde_json::from_str(&delivery.payload).unwrap();
            let text = item.to_string();
            let number = number_of(&item).unwrap_or_else(|| panic!("{text}"));
            let root_url = [FIREFOX, COMMUNITY].into_iter().find(|url| text.contains(url)).unwrap();
            let former = root_urls.insert(number, root_url.to_owned());
            assert!(former.is_none_or(|former| former == root_url), "{number} came from both");
        }
        let receipts: Vec<_> = claimed.iter().map(|delivery| delivery.receipt).collect();
        queue.ack(&receipts).await.unwrap();
        if root_urls.len() < 200 { Err(root_urls.len()) } else { Ok(()) }
    })
    .await;
    for (number, root_url) in root_urls {
        let expected = if (number / 50) % 2 == 0 { FIREFOX } else { COMMUNITY };
        let expected = if number >= 150 { COMMUNITY } else { expected };
        assert_eq!(root_url, expected, "task {number}");
    }
    third.stop();
    queue.close().await;
}

/// Finds the number of the event in a work item.
fn number_of(item: &Value) -> Option<u64> {
    match item {
        Value::Object(members) => {
            members.get("number").and_then(Value::as_u64).or_else(|| members.values().find_map(number_of))
        }
        Value::Array(values) => values.iter().find_map(number_of),
        _ => None,
    }
}

#[test]
fn what_is_missing_or_wrong_is_told_at_the_start() {
    let place = Place::new();
    let refused = |word: &str, expected: &[&str]| {
        let output = place.run(&[word]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        for part in expected {
            assert!(text.contains(part), "{word}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    };
    refused("pulse_listener_tasks", &["PULSE_URL is not set", "PULSE_TASK_SOURCES"]);
    place.set("PULSE_URL", "amqp://guest:hunter2@localhost");
    place.set("BROKER_URL", "http://guest:hunter2@localhost");
    refused("pulse-listener-pushes", &["BROKER_URL", "neither amqp nor amqps"]);
    place.set("PULSE_TASK_SOURCES", "[{}]");
    refused("pulse_listener_tasks", &["PULSE_TASK_SOURCES", "missing field"]);
    // Nothing to take in is no failure.
    place.set("SKIP_INGESTION", "1");
    assert!(place.run(&["pulse_listener_pushes"]).status.success());
}
