//! What monitors and the doctor tell of workers whose queues are on a broker.

use serde_json::{Value, json};
use treeherder_ingest::pulse::AmqpUrl;
use treeherder_ingest::queue::{Message, Queue as _, QueueName, RabbitOptions, RabbitQueue};

use super::servers::{Logged, started};
use crate::doctor::{doctor, problems};
use crate::monitor::Site;
use crate::servers::postgres::Postgres;
use crate::servers::rabbitmq::RabbitMq;
use crate::support::{Place, Running, eventually};

/// Puts a work item on the queue whose job is not there, so that it is tried again.
async fn put(queue: &RabbitQueue, job: u64) {
    let item =
        json!({"task": "log-parser", "args": {"job_id": job, "job_log_ids": [1], "priority": "normal"}});
    queue.publish(&[Message::new(QueueName::LogParser, item.to_string())]).await.unwrap();
}

/// Waits until the task about a job has come to a state, and returns it.
async fn task_in(site: &Site, job: u64, state: &str) -> Value {
    let of_job = |tasks: &Value| {
        let mut tasks = tasks.as_array().unwrap().iter().map(|pair| &pair[1]);
        tasks.find(|task| task["kwargs"]["job_id"] == job && task["state"] == state).cloned()
    };
    site.until("api/task/?limit=1000", of_job).await
}

/// Revokes a task that the broker keeps, which is not removed at once.
async fn revoke(site: &Site, task: &Value) {
    let id = task["uuid"].as_str().unwrap();
    assert_eq!(site.revoke(id, &[]).await, (200, json!({"ok": true, "removed": false})));
}

fn problems_of_queues(place: &Place) -> Vec<(String, String)> {
    let place = tokio::task::block_in_place(|| doctor(place, &[]));
    problems(&place.1, "queues")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_on_a_broker_are_watched_and_what_waits_there_can_be_revoked() {
    let (Some(rabbit), Some(postgres)) = (started(RabbitMq::start_own), started(Postgres::start)) else {
        return;
    };
    let place = Place::new();
    for (name, value) in [
        ("DATABASE_URL", postgres.create_database().await.as_str()),
        ("BROKER_URL", &rabbit.url("/")),
        ("TREEHERDER_DEBUG", "1"),
        ("TREEHERDER_HEARTBEAT_SECONDS", "0.1"),
        ("TREEHERDER_RETRY_SECONDS", "5"),
    ] {
        place.set(name, value);
    }
    place.text(&["release"]);
    let (_web, url) = Running::answering(&place, &["web", "--listen", "127.0.0.1:0"], &[]);
    let site = Site::at(url);
    let url = AmqpUrl::parse(&rabbit.url("/")).unwrap();
    let queue = RabbitQueue::new(RabbitOptions::new(url, "test"));

    // Heartbeats of the site and of two processes that know of each other by the database alone.
    let parser = Logged::start(&place, &["worker_log_parser"]);
    let storing = Logged::start(&place, &["worker_store_pulse_data"]);
    let workers = site
        .until("api/worker/", |workers| {
            let all = workers.as_array().unwrap();
            (all.len() == 3 && all.iter().all(|worker| worker["alive"] == true)).then(|| all.clone())
        })
        .await;
    let name_of = |process: &Logged, pool: &str| {
        let worker = workers.iter().find(|worker| worker["pid"] == process.running.0.id()).unwrap();
        assert_eq!(worker["pool"], pool);
        worker["hostname"].as_str().unwrap().to_owned()
    };
    let parser_name = name_of(&parser, "worker_log_parser");
    let path = format!("api/worker/{}/", name_of(&storing, "worker_store_pulse_data"));
    let beat = site.json(&path).await["heartbeat"].clone();
    site.until(&path, |worker| (worker["heartbeat"] != beat).then_some(())).await;

    // A task that fails tells its error; revoked while the broker keeps it, it is removed unseen when it comes again.
    put(&queue, 17).await;
    let retried = task_in(&site, 17, "RETRY").await;
    assert_eq!((&retried["worker"], &retried["queue"]), (&json!(parser_name), &json!("log_parser")));
    assert!(retried["traceback"].as_str().unwrap().contains("17"), "{retried}");
    let (status, kind, page) = site.get("workers").await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.contains(&parser_name) && page.contains(retried["exception"].as_str().unwrap()), "{page}");
    revoke(&site, &retried).await;
    let revoked = task_in(&site, 17, "REVOKED").await;
    assert!(revoked["revoked_by"].as_str().unwrap().contains("127.0.0.1"), "{revoked}");

    // Work without a worker, of which one piece is not wanted any more, and dead letters of another queue.
    put(&queue, 18).await;
    let unwanted = task_in(&site, 18, "RETRY").await;
    parser.stop();
    // On a busy machine it was tried more than once.
    let unwanted = site.json(&format!("api/task/{}/", unwanted["uuid"].as_str().unwrap())).await;
    let stopped = site.json(&format!("api/worker/{parser_name}/")).await;
    assert!(stopped["alive"] == false && stopped["stopped"].is_f64(), "{stopped}");
    put(&queue, 19).await;
    revoke(&site, &unwanted).await;
    let broken = place.file("broken.jsonl");
    let line =
        r#"{"exchange": "exchange/nobody/knows", "routing_key": "", "root_url": "http://tc", "body": {}}"#;
    std::fs::write(&broken, format!("{line}\n{line}\n")).unwrap();
    place.text(&["replay", "--queue-only", broken.to_str().unwrap()]);
    // Until both are due: a worker that starts has them in its hands at once.
    eventually("backlog", || {
        let queues = place.json(&["queues", "--format", "json"]);
        let parsing =
            queues.as_array().unwrap().iter().find(|row| row["queue"] == "log_parser").unwrap().clone();
        if parsing["ready"] == 2 { Ok(()) } else { Err(parsing) }
    });
    let told = problems_of_queues(&place);
    let [(dead, look), (waiting, start)] = &told[..] else { panic!("{told:?}") };
    assert!(dead.starts_with("store_pulse_pushes: 2 dead letters, the newest: "), "{dead}");
    assert!(
        dead.contains("exchange/nobody/knows") && look.contains("put-back --all store_pulse_pushes"),
        "{told:?}"
    );
    assert_eq!(waiting, "log_parser: 2 messages wait and no living worker serves the queue");
    assert_eq!(start, "Start `treeherder worker_log_parser`.");

    // A worker knows from its first message on what was revoked before it was there.
    let parser = Logged::start(&place, &["worker_log_parser"]);
    let revoked = task_in(&site, 18, "REVOKED").await;
    // It came once more, and nobody began with it.
    let came = unwanted["retries"].as_u64().unwrap() + 1;
    assert_eq!((&revoked["retries"], &revoked["started"]), (&json!(came), &Value::Null), "{revoked}");
    assert_eq!(task_in(&site, 19, "RETRY").await["retries"], 0);
    parser.stop();
    storing.stop();

    queue.close().await;
    let url = rabbit.url("/");
    let address = url.split(['@', '/']).nth(3).unwrap();
    tokio::task::block_in_place(|| drop(rabbit));
    let told = problems_of_queues(&place);
    let [(down, mend)] = &told[..] else { panic!("{told:?}") };
    assert!(down.contains(address) && down.contains("refused"), "{down}");
    assert!(mend.contains("Start the broker") && mend.contains("BROKER_URL"), "{mend}");
    let (_, _, metrics) = site.get("metrics").await;
    assert!(metrics.contains("source_up{source=\"queues\"} 0\n"), "{metrics}");
    assert_eq!(site.get("workers").await.0, 200);
}
