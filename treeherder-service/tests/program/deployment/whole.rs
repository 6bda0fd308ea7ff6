//! A whole deployment: every process type, messages from Python, and the end of every one of them.

use treeherder_benches::cluster::first_differences;

use super::servers::{Logged, publish, python, started};
use crate::servers::ports::free_port;
use crate::servers::postgres::Postgres;
use crate::servers::rabbitmq::RabbitMq;
use crate::support::{Place, eventually_async, rows_of, small_scenario, write_messages};

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

/// Waits until the site at this address is well.
async fn await_site(site: &str) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{site}/__heartbeat__");
    eventually_async("healthy site", async || match client.get(&url).send().await {
        Ok(answer) if answer.status() == 200 => Ok(()),
        Ok(answer) => Err(answer.status().to_string()),
        Err(error) => Err(error.to_string()),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stops_and_kills_of_every_process_lose_nothing() {
    let _ = rustls::crypto::ring::default_provider().install_default();
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
    // What would ask servers that are none of ours.
    for name in ["fetch-push-logs", "update-bugscache", "update-bugzilla-security-groups", "update-changelog"]
    {
        place.text(&["schedule", "disable", name]);
    }
    let site = format!("127.0.0.1:{}", free_port());
    let others: [Vec<&str>; 2] = [vec!["scheduler"], vec!["web", "--listen", &site]];
    let mut front: Vec<Logged> = others.iter().map(|args| Logged::start(&place, args)).collect();
    await_site(&site).await;
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
        for (position, args) in others.iter().enumerate() {
            let process = front.remove(position);
            if client == "pika" {
                process.stop();
            } else {
                process.kill();
            }
            front.insert(position, Logged::start(&place, args));
        }
        await_site(&site).await;
    }
    eventually_async("database as of an undisturbed run", async || {
        let rows = rows_of(&database).await;
        match first_differences(&rows, &expected) {
            None => Ok(()),
            Some(differences) => Err((differences, place.text(&["queues"]))),
        }
    })
    .await;
    front[0].await_message("published a periodic task");
    for process in workers.into_iter().chain(listeners).chain(front) {
        process.stop();
    }
    assert_eq!(first_differences(&rows_of(&database).await, &expected), None);
    stand_in.shutdown().await;
}
