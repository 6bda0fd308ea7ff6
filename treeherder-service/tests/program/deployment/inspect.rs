//! `treeherder pulse inspect`: what is on an exchange, in the form that is replayed.

use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use super::servers::{Logged, publish, python, started};
use crate::servers::rabbitmq::RabbitMq;
use crate::support::{Place, ended, small_scenario, write_messages};

const FAILED: &str = "exchange/taskcluster-queue/v1/task-failed";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_is_shown_and_can_be_replayed() {
    if python().is_none() {
        return;
    }
    let Some(rabbit) = started(RabbitMq::start) else { return };
    let (stand_in, messages) = small_scenario().await;
    let place = Place::new();
    place.set("PULSE_URL", &rabbit.url("/"));
    place.set("TASKCLUSTER_ROOT_URL", stand_in.urls().root());
    let output = tokio::task::block_in_place(|| place.run(&["pulse", "inspect", "exchange/nobody/has/it"]));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && text.contains("exchange/nobody/has/it"), "{text}");

    write_messages(&place.file("nothing.jsonl"), []);
    publish("pika", &rabbit.url("/"), &place.file("nothing.jsonl"));
    let failed: Vec<_> = messages.iter().filter(|message| message.exchange == FAILED).collect();
    let count = failed.len().to_string();
    // The queue's further keys count as well, and other exchanges do not.
    let pattern = "route.tc-treeherder.#";
    let mut inspecting = Logged::start(&place, &["pulse", "inspect", FAILED, pattern, "--count", &count]);
    inspecting.await_message("\"listening\"");
    let stdout = inspecting.running.0.stdout.take().unwrap();
    let lines = std::thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).collect());
    write_messages(&place.file("m.jsonl"), &messages);
    publish("kombu", &rabbit.url("/"), &place.file("m.jsonl"));
    assert!(tokio::task::block_in_place(|| ended(&mut inspecting.running.0)).success());
    let lines: Vec<String> = lines.join().unwrap();
    let shown: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(shown.len(), failed.len());
    for (shown, sent) in shown.iter().zip(&failed) {
        assert_eq!(shown["exchange"], sent.exchange);
        assert_eq!(shown["routing_key"], sent.routing_key);
        assert_eq!(shown["cc"], Value::from(sent.cc.clone()));
        assert_eq!(shown["root_url"], stand_in.urls().root());
        assert_eq!(Some(&shown["body"]), sent.body.as_ref());
    }

    std::fs::write(place.file("shown.jsonl"), lines.join("\n")).unwrap();
    let file = place.file("shown.jsonl");
    let replayed = place.json(&["replay", "--queue-only", "--format", "json", file.to_str().unwrap()]);
    assert_eq!((&replayed["messages"], &replayed["unusable_messages"]), (&failed.len().into(), &0.into()));
    stand_in.shutdown().await;
}
