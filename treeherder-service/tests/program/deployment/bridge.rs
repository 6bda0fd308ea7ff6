//! The bridge between a Pulse where everybody may only do what Pulse allows, and kombu as its consumer.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};
use treeherder_benches::cluster::first_differences;
use treeherder_testdata::scenario::Message;

use super::servers::{Consumer, Logged, publish, python, started};
use crate::servers::rabbitmq::RabbitMq;
use crate::support::{Place, eventually_async, small_scenario, write_messages};

async fn get(url: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).header("accept", "text/html").send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_binding_gets_one_copy_of_every_job() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    if python().is_none() {
        return;
    }
    let Some(rabbit) = started(RabbitMq::start) else { return };
    let (stand_in, messages) = small_scenario().await;
    let place = Place::new();
    for (name, value) in [
        ("PULSE_URL", rabbit.url("/").as_str()),
        ("TASKCLUSTER_ROOT_URL", stand_in.urls().root()),
        ("TREEHERDER_ROUTE_PREFIX", "tc-treeherder"),
        ("TREEHERDER_LISTEN", "127.0.0.1:0"),
    ] {
        place.set(name, value);
    }
    // Exchanges that do not exist are told at the start, and not made: on Pulse only their owner may do that.
    let output = place.run(&["bridge"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && text.contains("task-pending") && text.contains("NOT_FOUND"),
        "{text}"
    );

    let file = place.file("m.jsonl");
    write_messages(&place.file("nothing.jsonl"), []);
    publish("kombu", &rabbit.url("/"), &place.file("nothing.jsonl"));
    let bridge = Logged::start(&place, &["bridge"]);
    let started = bridge.await_message("\"bridging\"");
    let site = started["url"].as_str().or(started["fields"]["url"].as_str()).unwrap().to_owned();
    bridge.await_message("\"listening\"");
    let projects = ["autoland", "try", "mozilla-central"];
    let project_patterns: Vec<String> = projects.iter().map(|project| format!("*.{project}")).collect();
    let mut patterns = vec!["#", "tc-treeherder.#"];
    patterns.extend(project_patterns.iter().map(String::as_str));
    let consumer = Consumer::start(&rabbit.url("/"), "exchange/guest/v1/jobs", &patterns);

    write_messages(&file, &messages);
    publish("pika", &rabbit.url("/"), &file);
    let is_routed = |message: &&Message| {
        // Of what happens to tasks the bridge wants five kinds (§1.2); others are on the bus as well.
        let kind = message.exchange.strip_prefix("exchange/taskcluster-queue/v1/task-");
        let is_event = matches!(kind, Some("pending" | "running" | "completed" | "failed" | "exception"));
        is_event && message.cc.iter().any(|key| key.starts_with("route.tc-treeherder."))
    };
    let expected = messages.iter().filter(is_routed).count() as u64;
    assert!(expected > 50, "{expected}");
    let count = |counters: &Value, name: &str| {
        counters["counters"][format!("taskcluster-treeherder.{name}")].as_u64().unwrap_or_default()
    };
    let counters = eventually_async("end of the messages", async || {
        let counters: Value = serde_json::from_str(&get(&format!("{site}bridge/counters")).await).unwrap();
        let handled = count(&counters, "handle-message.success") + count(&counters, "handle-message.failure");
        if handled >= expected { Ok(counters) } else { Err(counters) }
    })
    .await;
    let all = counters["counters"].as_object().unwrap();
    let published: u64 = all
        .iter()
        .filter(|(name, _)| name.ends_with(".publish-message.success"))
        .map(|(_, number)| number.as_u64().unwrap())
        .sum();
    let consumed = consumer.end();
    let bodies = |pattern: &str| {
        let mut bodies: Vec<String> = Vec::new();
        for message in consumed[pattern].as_array().unwrap() {
            assert_eq!(message["content_type"], "application/json");
            assert_eq!(message["delivery_mode"], 2);
            let project = message["body"]["origin"]["project"].as_str().unwrap();
            assert_eq!(message["key"], format!("tc-treeherder.{project}._"));
            bodies.push(message["body"].to_string());
        }
        bodies.sort_unstable();
        bodies
    };
    let everything = bodies("#");
    assert_eq!(everything.len() as u64, published);
    assert!(published >= expected / 2, "{published} of {expected}");
    assert_eq!(bodies("tc-treeherder.#"), everything);
    let mut by_project: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for body in &everything {
        let job: Value = serde_json::from_str(body).unwrap();
        let project = job["origin"]["project"].as_str().unwrap().to_owned();
        by_project.entry(project).or_default().push(body.clone());
    }
    for project in projects {
        let wanted = by_project.get(project).cloned().unwrap_or_default();
        assert_eq!(bodies(&format!("*.{project}")), wanted, "{project}");
    }
    assert!(projects.iter().any(|project| by_project.contains_key(*project)), "{:?}", by_project.keys());

    let reference: Value =
        serde_json::from_str(&get(&format!("{site}references/treeherder/v1/exchanges.json")).await).unwrap();
    assert_eq!(reference["exchangePrefix"], "exchange/guest/v1/");
    let page = get(&format!("{site}bridge/errors")).await;
    assert!(page.contains("<h1>Jobs that were not published</h1>"), "{page}");
    bridge.stop();
    stand_in.shutdown().await;
}

/// Jobs as the database has them, but for what a bridge does not tell of, tasks that are only defined, and for what hangs
/// on which of two messages about the end of a run that another one follows is stored first (§1.6): the one of its own event,
/// or the one that calls it a retry and has no times. The bridge tells them in this order; of the ingester's three workers
/// the second may store first.
async fn jobs_of(place: &Place) -> Vec<String> {
    let rows = place.rows().await;
    let rows = rows.iter().map(|row| serde_json::from_str::<Value>(row).unwrap());
    let mut jobs: Vec<Value> = rows.filter(|row| row[0] == "job" && row[3] != "unscheduled").collect();
    let guids: HashSet<String> = jobs.iter().map(|row| row[1].as_str().unwrap().to_owned()).collect();
    for job in &mut jobs {
        let (task, run) = job[1].as_str().unwrap().split_once('/').unwrap();
        let next = format!("{task}/{}", run.parse::<u32>().unwrap() + 1);
        if guids.contains(&next) && matches!(job[4].as_str(), Some("retry" | "exception")) {
            for told_twice in [4, 9, 10] {
                job[told_twice] = json!("of either message");
            }
        }
    }
    let mut jobs: Vec<String> = jobs.iter().map(Value::to_string).collect();
    jobs.sort_unstable();
    jobs
}

/// Without the task events, the jobs come from the bridge, and are those that the task events would have made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_ingester_reads_the_exchange_of_a_bridge() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    if python().is_none() {
        return;
    }
    let Some(rabbit) = started(RabbitMq::start) else { return };
    let (stand_in, messages) = small_scenario().await;
    let is_of_task = |message: &&Message| message.exchange.contains("/task-");
    let calm = Place::new();
    calm.load_repositories(&stand_in);
    let file = calm.file("m.jsonl");
    write_messages(&file, &messages);
    calm.replay_to_the_end(file.to_str().unwrap());
    let expected = jobs_of(&calm).await;
    assert!(expected.len() > 30, "{}", expected.len());

    let bridging = Place::new();
    for (name, value) in [
        ("PULSE_URL", rabbit.url("/").as_str()),
        ("TASKCLUSTER_ROOT_URL", stand_in.urls().root()),
        ("TREEHERDER_ROUTE_PREFIX", "tc-treeherder"),
    ] {
        bridging.set(name, value);
    }
    let place = Place::new();
    place.load_repositories(&stand_in);
    write_messages(&place.file("nothing.jsonl"), []);
    publish("kombu", &rabbit.url("/"), &place.file("nothing.jsonl"));
    let bridge = Logged::start(&bridging, &["bridge", "--listen", "127.0.0.1:0"]);
    bridge.await_message("\"listening\"");
    let (pulse_url, root_url) = (rabbit.url("/"), stand_in.urls().root());
    let pushes = json!([{"pulse_url": pulse_url, "root_url": root_url, "hgmo": true, "github": true}]);
    place.set("PULSE_PUSH_SOURCES", &pushes.to_string());
    let jobs = json!([{"pulse_url": pulse_url, "root_url": root_url, "jobs": "guest", "jobs-destination": "tc-treeherder"}]);
    place.set("PULSE_JOB_SOURCES", &jobs.to_string());
    let listener = Logged::start(&place, &["pulse_listener_jobs"]);
    let bound = listener.await_message("\"listening\"");
    assert!(bound.to_string().contains("queue/guest/jobs"), "{bound}");
    listener.stop();

    let serve = Logged::start(&place, &["serve", "--listen", "127.0.0.1:0"]);
    for _ in 0..2 {
        serve.await_message("\"listening\"");
    }
    write_messages(&place.file("pushes.jsonl"), messages.iter().filter(|message| !is_of_task(message)));
    publish("kombu", &rabbit.url("/"), &place.file("pushes.jsonl"));
    write_messages(&place.file("tasks.jsonl"), messages.iter().filter(is_of_task));
    publish("pika", &rabbit.url("/"), &place.file("tasks.jsonl"));
    eventually_async("the jobs of the replay", async || {
        first_differences(&jobs_of(&place).await, &expected).map_or(Ok(()), Err)
    })
    .await;
    for program in [serve, bridge] {
        program.stop();
    }
    stand_in.shutdown().await;
}

#[test]
fn the_documents_are_written_without_any_server() {
    let place = Place::new();
    let folder = place.file("public");
    place.text(&["bridge", "references", "--out", folder.to_str().unwrap()]);
    let file = folder.join("references/treeherder/v1/exchanges.json");
    let reference: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(reference["exchangePrefix"], "exchange/taskcluster-treeherder/v1/");
    assert!(folder.join("schemas/treeherder/v1/pulse-job.json").exists());
    let refused = place.run(&["bridge"]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(1) && text.contains("TREEHERDER_ROUTE_PREFIX is not set"),
        "{text}"
    );
}
