//! A whole deployment: every process type, messages from Python, and the end of every one of them.

use super::servers::{Logged, publish, python, started};
use crate::servers::postgres::Postgres;
use crate::servers::rabbitmq::RabbitMq;
use crate::support::{Place, assert_same, rows_of, small_scenario, write_messages};

const LISTENERS: [&str; 2] = ["pulse_listener_pushes", "pulse_listener_tasks"];
const WORKERS: [&str; 8] = [
    "worker_store_pulse_data",
    "worker_log_parser",
    "worker_log_parser_fail_raw_sheriffed",
    "worker_log_parser_fail_raw_unsheriffed",
    "worker_log_parser_fail_json_sheriffed",
    "worker-log-parser-fail-json-unsheriffed",
    "worker_perf_ingest",
    "worker_misc",
];

fn start(place: &Place, word: &'static str) -> Logged {
    Logged::start(place, &[word])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stops_and_kills_of_every_process_lose_nothing() {
    if python().is_none() {
        return;
    }
    let (Some(rabbit), Some(postgres)) = (started(RabbitMq::start), started(Postgres::start)) else { return };
    let (stand_in, messages) = small_scenario().await;

    // What must come out: the same messages, one after the other, in one process.
    let calm = Place::new();
    let calm_database = postgres.create_database().await;
    calm.set("DATABASE_URL", &calm_database);
    calm.load_repositories(&stand_in);
    let file = calm.file("m.jsonl");
    write_messages(&file, &messages);
    calm.replay_to_the_end(file.to_str().unwrap());
    let expected = rows_of(&calm_database).await;
    assert!(expected.len() > 400, "{}", expected.len());

    let place = Place::new();
    let database = postgres.create_database().await;
    for (name, value) in
        [("DATABASE_URL", database.as_str()), ("BROKER_URL", &rabbit.url("/")), ("TREEHERDER_DEBUG", "1")]
    {
        place.set(name, value);
    }
    let source =
        serde_json::json!([{"pulse_url": rabbit.url("/"), "root_url": stand_in.urls().root(), "hgmo": true,
        "github": true}])
        .to_string();
    place.set("PULSE_PUSH_SOURCES", &source);
    place.set("PULSE_TASK_SOURCES", &source);
    // Workers wait for the release; listeners work before it.
    let mut workers: Vec<Logged> = WORKERS.into_iter().map(|word| start(&place, word)).collect();
    workers[0].await_message("the database is not ready");
    write_messages(&place.file("nothing.jsonl"), []);
    publish("pika", &rabbit.url("/"), &place.file("nothing.jsonl"));
    let mut listeners: Vec<Logged> = LISTENERS.into_iter().map(|word| start(&place, word)).collect();
    for listener in &listeners {
        listener.await_message("\"listening\"");
    }
    place.text(&["release"]);
    place.load_repositories(&stand_in);
    // The hosts of the stand-in are known to those that start now.
    for (position, word) in WORKERS.into_iter().enumerate() {
        workers.remove(position).stop();
        workers.insert(position, start(&place, word));
    }
    let third = messages.len() / 3;
    for (client, part) in ["kombu", "pika", "kombu"].into_iter().zip(messages.chunks(third + 1)) {
        write_messages(&place.file("part.jsonl"), part);
        publish(client, &rabbit.url("/"), &place.file("part.jsonl"));
        for (position, word) in LISTENERS.into_iter().enumerate() {
            listeners.remove(position).kill();
            listeners.insert(position, start(&place, word));
        }
        for (position, word) in WORKERS.into_iter().enumerate() {
            let worker = workers.remove(position);
            if client == "pika" {
                worker.stop();
            } else {
                worker.kill();
            }
            workers.insert(position, start(&place, word));
        }
    }
    loop {
        let depths = place.json(&["queues", "--format", "json"]);
        let waiting: u64 = depths
            .as_array()
            .unwrap()
            .iter()
            .map(|depth| {
                depth["ready"].as_u64().unwrap()
                    + depth["leased"].as_u64().unwrap()
                    + depth["delayed"].as_u64().unwrap()
            })
            .sum();
        let rows = rows_of(&database).await;
        if rows == expected {
            break;
        }
        println!("{waiting} wait, {} of {} rows", rows.len(), expected.len());
        if rows.len() > expected.len() {
            assert_same(&rows, &expected);
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    for process in workers.into_iter().chain(listeners) {
        process.stop();
    }
    assert_same(&rows_of(&database).await, &expected);
    stand_in.shutdown().await;
}
