//! `treeherder serve` that follows Pulse: one process, no other server but Pulse's.

use serde_json::json;
use treeherder_benches::cluster::first_differences;

use super::servers::{Logged, publish, python, started};
use crate::servers::rabbitmq::{RabbitMq, SECOND_VHOST};
use crate::support::{Place, eventually_async, small_scenario, write_messages};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_follows_pulse_through_kills_and_settings() {
    if python().is_none() {
        return;
    }
    let Some(rabbit) = started(RabbitMq::start) else { return };
    let (stand_in, messages) = small_scenario().await;
    let calm = Place::new();
    calm.load_repositories(&stand_in);
    let file = calm.file("m.jsonl");
    write_messages(&file, &messages);
    calm.replay_to_the_end(file.to_str().unwrap());
    let expected = calm.rows().await;
    let pushes: Vec<String> = expected
        .iter()
        .filter(|row| row.starts_with("[\"push\"") || row.starts_with("[\"commit\""))
        .cloned()
        .collect();
    assert!(!pushes.is_empty());

    let place = Place::new();
    place.load_repositories(&stand_in);
    write_messages(&place.file("nothing.jsonl"), []);
    for vhost in ["/", SECOND_VHOST] {
        publish("pika", &rabbit.url(vhost), &place.file("nothing.jsonl"));
    }
    // With Pulse's address alone it listens to everything that Mozilla has: two virtual hosts. Tasks would be asked for at
    // Mozilla's Taskcluster, so that only pushes come.
    place.set("PULSE_URL", &rabbit.url("/"));
    let serve = Logged::start(&place, &SERVE);
    for _ in 0..2 {
        serve.await_message("\"listening\"");
    }
    let of_pushes = messages.iter().filter(|message| !message.exchange.contains("/task-"));
    write_messages(&place.file("pushes.jsonl"), of_pushes);
    publish("kombu", &rabbit.url("/"), &place.file("pushes.jsonl"));
    eventually_async("all pushes", async || {
        first_differences(&place.rows().await, &pushes).map_or(Ok(()), Err)
    })
    .await;
    serve.stop();

    // Sources of one's own, in the same queue, and a kill in the middle.
    let source = json!([{"pulse_url": rabbit.url("/"), "root_url": stand_in.urls().root(), "hgmo": true, "github": true,
        "tasks": true}]);
    place.set("PULSE_SOURCES", &source.to_string());
    let serve = Logged::start(&place, &SERVE);
    serve.await_message("\"listening\"");
    write_messages(&place.file("m.jsonl"), &messages);
    publish("pika", &rabbit.url("/"), &place.file("m.jsonl"));
    serve.kill();
    let serve = Logged::start(&place, &SERVE);
    eventually_async("rows of the replay", async || {
        first_differences(&place.rows().await, &expected).map_or(Ok(()), Err)
    })
    .await;
    serve.stop();
    assert_eq!(first_differences(&place.rows().await, &expected), None);
    stand_in.shutdown().await;
}
