//! Workers and tasks as monitors see them, numbers for machines, and the endpoints for operators
//! (`spec/bridge-l10n-platform.md` §4.6, `spec/api.md` §9.2).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Place, Running, ended, eventually_async, small_scenario, write_messages};

/// A broken message and one of an exchange that nobody knows: each a dead letter of its own queue.
const BROKEN: &str =
    r#"{"exchange": "exchange/nobody/knows", "routing_key": "", "root_url": "http://tc", "body": {}}"#;

/// A site as monitors ask it.
pub(crate) struct Site(String, reqwest::Client);

impl Site {
    pub(crate) fn at(url: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(url, reqwest::Client::builder().no_proxy().build().unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String, String) {
        let response = self.1.get(format!("{}{path}", self.0)).send().await.unwrap();
        let kind =
            response.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
        (response.status().as_u16(), kind, response.text().await.unwrap())
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, kind, text) = self.get(path).await;
        assert_eq!((status, kind.as_str()), (200, "application/json"), "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn revoke(&self, id: &str, headers: &[(&str, &str)]) -> (u16, Value) {
        let mut request = self.1.post(format!("{}api/revoke/task/", self.0)).body(format!("task_id={id}"));
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Asks until the answer is the one that is waited for.
    pub(crate) async fn until<T>(&self, path: &str, ready: impl Fn(&Value) -> Option<T>) -> T {
        eventually_async(path, async || {
            let answer = self.json(path).await;
            ready(&answer).ok_or(answer)
        })
        .await
    }
}

/// Serves with fast heartbeats.
fn serve(place: &Place, args: &[&str]) -> (Running, Site) {
    let (running, url) = Running::serve_with(place, args, &[("TREEHERDER_HEARTBEAT_SECONDS", "0.05")]);
    (running, Site::at(url))
}

/// Reads the text format of Prometheus strictly: every value belongs to a metric with help and type.
fn parsed(text: &str) -> BTreeMap<String, f64> {
    let mut values = BTreeMap::new();
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut helped = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split(' ').next();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(helped, Some(name), "help comes before type");
            assert!(kinds.insert(name, kind).is_none(), "{name} comes twice");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
        } else {
            let (key, value) = line.rsplit_once(' ').unwrap();
            let name = key.split('{').next().unwrap();
            let family = helped.unwrap();
            let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is not of {family}"));
            match kinds[family] {
                "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
                _ => assert_eq!(suffix, "", "{line}"),
            }
            assert!(!key.contains('{') || key.ends_with("\"}"), "{line}");
            assert!(values.insert(key.to_owned(), value.parse().unwrap()).is_none(), "{line} comes twice");
        }
    }
    values
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_tasks_and_metrics_tell_what_was_done() {
    let (stand_in, messages) = small_scenario().await;
    let place = Place::new();
    place.load_repositories(&stand_in);
    let file = place.file("m.jsonl");
    write_messages(&file, &messages);
    let (mut serve, site) = serve(&place, &["--replay", file.to_str().unwrap()]);

    // Until all of it is done and told.
    let done = |workers: &Value| {
        let worker = workers.as_array().unwrap().first()?.clone();
        let is_idle = worker["active"] == json!({}) && worker["succeeded"].as_u64().unwrap() > 100;
        is_idle.then_some(worker)
    };
    let worker = site.until("api/worker/", done).await;
    assert_eq!((&worker["pool"], &worker["alive"]), (&json!("serve"), &json!(true)));
    assert_eq!(worker["queues"].as_array().unwrap().len(), 13);
    let (name, host) = (worker["hostname"].as_str().unwrap(), worker["host"].as_str().unwrap());
    assert_eq!(name, format!("serve@{host}.{}", serve.0.id()));
    for known in [name, host] {
        assert_eq!(site.json(&format!("api/worker/{known}/")).await["pid"], serve.0.id());
    }

    let tasks = site.json("api/task/").await;
    let tasks = tasks.as_array().unwrap();
    let [uuid, task] = tasks[0].as_array().unwrap().as_slice() else { panic!("{tasks:?}") };
    assert_eq!(&task["uuid"], uuid);
    assert_eq!(&site.json(&format!("api/task/{}/", uuid.as_str().unwrap())).await["uuid"], uuid);
    let stamps: Vec<f64> = tasks.iter().map(|pair| pair[1]["timestamp"].as_f64().unwrap()).collect();
    assert!(stamps.is_sorted_by(|a, b| a >= b), "newest first");
    assert_eq!(site.json("api/task/?limit=3").await.as_array().unwrap().len(), 3);
    let later = site.json("api/task/?since=32503680000").await;
    assert_eq!(later, json!([]));
    let of_worker = site.json(&format!("api/worker/{name}/tasks?limit=2")).await;
    assert_eq!(of_worker[0][1]["worker"], name);
    let names = site.json("api/task/name/").await;
    let names: Vec<&str> = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.contains(&"log-parser") && names.contains(&"store-pulse-tasks"), "{names:?}");
    let parsers = site.json("api/task/name/log-parser?limit=500").await;
    // Logs that are broken on purpose are tried again.
    let parsers = parsers.as_array().unwrap().iter().map(|pair| &pair[1]);
    let parser = parsers.clone().find(|task| task["state"] == "SUCCESS").unwrap();
    assert!(parsers.clone().all(|task| task["name"] == "log-parser"));
    assert!(parser["kwargs"]["job_id"].is_u64() && parser["runtime"].as_f64().unwrap() > 0.0, "{parser}");
    assert_eq!((&parser["traceback"], &parser["succeeded"]), (&Value::Null, &parser["timestamp"]));

    // On a busy machine a heartbeat may be late for a moment.
    let metrics = eventually_async("process that is heard of", async || {
        let (status, kind, text) = site.get("metrics").await;
        assert_eq!((status, kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
        let metrics = parsed(&text);
        if metrics[r#"workers_alive{pool="serve"}"#] == 1.0 { Ok(metrics) } else { Err(text) }
    })
    .await;
    assert_eq!(metrics[r#"source_up{source="database"}"#], 1.0);
    assert_eq!(metrics[r#"queue_depth{queue="log_parser"}"#], 0.0);
    let total =
        |state: &str, task: &str| metrics[&format!(r#"tasks_total{{state="{state}",task="{task}"}}"#)];
    let logs = total("succeeded", "log-parser");
    assert!(logs > 1.0 && logs <= total("received", "log-parser"));
    assert!(metrics[r#"task_seconds_count{task="log-parser"}"#] >= logs);
    assert_eq!(
        metrics[r#"task_seconds_bucket{task="log-parser",le="+Inf"}"#],
        metrics[r#"task_seconds_count{task="log-parser"}"#]
    );
    assert!(metrics["process_job_store_seconds_count"] > 10.0);
    let succeeded: f64 =
        metrics.iter().filter(|(key, _)| key.contains(r#"state="succeeded""#)).map(|(_, value)| value).sum();
    // Work goes on meanwhile: what was tried again, and what is done periodically.
    let later = site.json(&format!("api/worker/{name}/")).await;
    assert!(worker["succeeded"].as_f64().unwrap() <= succeeded, "{succeeded}: {worker}");
    assert!(succeeded <= later["succeeded"].as_f64().unwrap(), "{succeeded}: {later}");

    let (status, kind, page) = site.get("workers").await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.contains(name) && page.contains("log_parser_fail_raw_sheriffed"), "{page}");

    // A process that stops in order says so, and one that is killed is lost when its beats are missing.
    serve.signal("TERM");
    assert!(tokio::task::block_in_place(|| ended(&mut serve.0)).success());
    let (serve, site) = self::serve(&place, &[]);
    let old = site.json(&format!("api/worker/{name}/")).await;
    assert!(old["alive"] == false && old["stopped"].is_f64(), "{old}");
    let new = site.until("api/worker/", |workers| Some(workers[0]["hostname"].as_str()?.to_owned())).await;
    assert_ne!(new, name);
    drop(serve);
    let (_serve, site) = self::serve(&place, &[]);
    let path = format!("api/worker/{new}/");
    let lost = site.until(&path, |worker| (worker["alive"] == false).then(|| worker.clone())).await;
    assert_eq!(lost["stopped"], Value::Null);
    stand_in.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_task_tells_its_error_and_one_that_waits_can_be_revoked() {
    let place = Place::new();
    let (_serve, site) = serve(&place, &["--retry-seconds", "3600"]);
    let broken = place.file("broken.jsonl");
    std::fs::write(&broken, format!("{BROKEN}\n")).unwrap();
    place.text(&["replay", "--queue-only", broken.to_str().unwrap()]);
    // Its log is on a host that may not be asked, and its push is not there: both are tried again, an hour later.
    let item =
        json!({"task": "log-parser", "args": {"job_id": 17, "job_log_ids": [1], "priority": "normal"}});
    put(&place, "log_parser", &item).await;

    let retried = site
        .until("api/task/", |tasks| {
            let found = tasks.as_array().unwrap().iter().find(|pair| pair[1]["state"] == "RETRY")?;
            Some(found[1].clone())
        })
        .await;
    assert_eq!((&retried["name"], &retried["kwargs"]["job_id"]), (&json!("log-parser"), &json!(17)));
    assert!(retried["traceback"].as_str().unwrap().contains("17"), "{retried}");
    assert!(retried["eta"].is_string() && retried["retried"] == retried["timestamp"]);
    let id = retried["uuid"].as_str().unwrap();

    for headers in [&[("x-forwarded-for", "192.0.2.1")][..], &[("origin", "https://evil.example")]] {
        assert_eq!(site.revoke(id, headers).await.0, 403, "{headers:?}");
    }
    assert_eq!(site.revoke("", &[]).await, (400, json!({"task_id": ["This field is required."]})));
    assert_eq!(site.revoke("17", &[]).await, (400, json!({"task_id": ["This is no id of a task."]})));
    assert_eq!(site.revoke(id, &[]).await, (200, json!({"ok": true, "removed": true})));
    let task = site.json(&format!("api/task/{id}/")).await;
    assert_eq!(task["state"], "REVOKED");
    assert!(task["revoked_by"].as_str().unwrap().contains("127.0.0.1"), "{task}");
    let queues = place.json(&["queues", "--format", "json"]);
    let log_parser = queues.as_array().unwrap().iter().find(|row| row["queue"] == "log_parser").unwrap();
    assert_eq!((&log_parser["ready"], &log_parser["delayed"]), (&json!(0), &json!(0)));

    for (path, status) in [
        ("api/task/00000000-0000-8000-8000-000000000000/", 404),
        ("api/task/x/", 404),
        ("api/worker/nowhere/", 404),
        ("api/task/?limit=x", 400),
        ("api/task/?since=x", 400),
    ] {
        let (found, kind, text) = site.get(path).await;
        assert_eq!((found, kind.as_str()), (status, "application/json"), "{path}: {text}");
    }
}

/// Puts a work item on a queue, as another process would.
async fn put(place: &Place, queue: &str, item: &Value) {
    use treeherder_ingest::queue::{Message, Queue as _, SqlQueue};
    let url = format!("sqlite://{}?mode=rwc", place.file("treeherder.sqlite").display());
    let store = treeherder_ingest::store::Store::connect(&url, 1).await.unwrap();
    let message = Message::new(queue.parse().unwrap(), item.to_string());
    SqlQueue::new(store.connection().clone(), "test").publish(&[message]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoints_for_operators_answer_as_specified() {
    let place = Place::new();
    let version = place.file("version.json");
    let (serve, site) = serve(&place, &["--version-file", version.to_str().unwrap()]);
    for path in ["__lbheartbeat__", "__lbheartbeat__/", "__lbheartbeat__x"] {
        let (status, _, text) = site.get(path).await;
        assert_eq!((status, text.as_str()), (200, ""), "{path}");
    }
    for path in ["__heartbeat__", "__heartbeat__/x"] {
        assert_eq!(site.json(path).await, json!({"status": "ok"}), "{path}");
    }
    let (status, _, text) = site.get("__version__").await;
    assert_eq!((status, text.as_str()), (404, "version.json not found"));
    std::fs::write(&version, r#"{"commit": "abc"}"#).unwrap();
    assert_eq!(site.json("__version__").await, json!({"commit": "abc"}));
    assert_eq!(site.get("__error__").await.0, 404);
    drop(serve);

    let (_serve, site) = self::serve(&place, &["--debug"]);
    assert_eq!(site.get("__error__").await.0, 500);
    let heartbeat = site.json("__heartbeat__").await;
    assert_eq!(heartbeat["status"], "warning");
    assert_eq!(heartbeat["checks"]["check_migrations_applied"], "ok");
    assert_eq!(heartbeat["details"]["check_settings"]["level"], 30);
    // Without its tables the service is not well.
    let url = format!("sqlite://{}?mode=rwc", place.file("treeherder.sqlite").display());
    let store = treeherder_ingest::store::Store::connect(&url, 1).await.unwrap();
    let delete = "DELETE FROM seaql_migrations WHERE version = 'm0020_monitor'";
    sea_orm::ConnectionTrait::execute_unprepared(store.connection(), delete).await.unwrap();
    let (status, _, text) = site.get("__heartbeat__").await;
    assert_eq!(status, 500);
    let heartbeat: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&heartbeat["status"], &heartbeat["checks"]["check_database_connected"]),
        (&json!("error"), &json!("ok"))
    );
    assert!(text.contains("m0020_monitor"), "{text}");
}

#[test]
fn munin_gets_its_graphs_and_their_values() {
    let place = Place::new();
    assert!(place.text(&["munin-plugin", "autoconf"]).starts_with("no ("));
    let unknown = place.text(&["munin-plugin"]);
    assert!(unknown.contains("f_log_parser.value U\n"), "{unknown}");
    place.text(&["migrate"]);
    let broken = place.file("broken.jsonl");
    std::fs::write(&broken, format!("{BROKEN}\n{BROKEN}\n")).unwrap();
    place.text(&["replay", broken.to_str().unwrap()]);
    assert_eq!(place.text(&["munin-plugin", "autoconf"]), "yes\n");

    let (config, values) = (place.text(&["munin-plugin", "config"]), place.text(&["munin-plugin", "fetch"]));
    let fields = |text: &str, attribute: &str| -> Vec<String> {
        let mut graph = "";
        let mut fields = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("multigraph ") {
                graph = name;
            } else if let Some((field, _)) = line.split_once(attribute) {
                assert!(field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line}");
                fields.push(format!("{graph}.{field}"));
            }
        }
        fields
    };
    assert_eq!(fields(&config, ".label "), fields(&values, ".value "));
    assert!(fields(&values, ".value ").len() > 30, "{values}");
    let dead: f64 = values
        .split("multigraph ")
        .find(|graph| graph.starts_with("treeherder_dead_letters\n"))
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(".value "))
        .map(|(_, value)| value.parse::<f64>().unwrap())
        .sum();
    assert_eq!(dead, 2.0, "{values}");
}
