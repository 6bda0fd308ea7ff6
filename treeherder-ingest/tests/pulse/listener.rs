//! What a listener puts where.

use std::sync::Arc;
use std::time::Duration;

use sea_orm_migration::{MigrationTrait as _, SchemaManager};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::pipeline::WorkItem;
use treeherder_ingest::pulse::{
    AmqpUrl, ChannelSource, Delivery, Kind, Listened, Listener, ListenerOptions, MozciEnvironment, Pace,
    ReplaySource, Source,
};
use treeherder_ingest::queue::{Migration, QueueName, SqlQueue};
use treeherder_ingest::store::Store;

use crate::support::{COMPLETED, Flaky, HG_PUSHES, ROOT_URL, Recordings, dead, empty_queue, line, ready};

const TASKS: QueueName = QueueName::StorePulseTasks;
const PUSHES: QueueName = QueueName::StorePulsePushes;
const CLASSIFICATION: QueueName = QueueName::StorePulseTasksClassification;

async fn replay(listener: &Listener, lines: &[String]) {
    let recordings = Recordings::new();
    let file = recordings.file("pulse.jsonl", lines.join("\n"));
    let mut source = ReplaySource::new([file], Pace::AsFastAsPossible);
    listener.run(&mut source, &CancellationToken::new()).await;
}

#[tokio::test]
async fn a_joint_listener_sorts_by_exchange_and_routing_key() {
    let queue = empty_queue().await;
    let listener = Listener::new(Arc::clone(&queue) as _, Kind::Joint);
    replay(
        &listener,
        &[
            line(COMPLETED, "primary.a.0", &json!({"n": 1})),
            line(HG_PUSHES, "autoland", &json!({"n": 2})),
            line(COMPLETED, "primary.b.0.proj-mozci.x", &json!({"n": 3})),
            line("exchange/taskcluster-github/v1/pull-request", "primary.o.r", &json!({"n": 4})),
        ],
    )
    .await;
    let item = |task: &str, exchange: &str, routing_key: &str, number: i32| {
        let args = json!({
            "body": {"n": number}, "exchange": exchange, "routing_key": routing_key, "root_url": ROOT_URL,
        });
        json!({"task": task, "args": args})
    };
    let mozci = "primary.b.0.proj-mozci.x";
    let tasks = ready(&*queue, TASKS).await;
    assert_eq!(
        tasks,
        [
            item("store-pulse-tasks", COMPLETED, "primary.a.0", 1),
            item("store-pulse-tasks", COMPLETED, mozci, 3)
        ]
    );
    for task in &tasks {
        WorkItem::from_payload(&task.to_string()).unwrap();
    }
    assert_eq!(
        ready(&*queue, CLASSIFICATION).await,
        [item("store-pulse-pushes-classification", COMPLETED, mozci, 3)]
    );
    let github = "exchange/taskcluster-github/v1/pull-request";
    assert_eq!(
        ready(&*queue, PUSHES).await,
        [
            item("store-pulse-pushes", HG_PUSHES, "autoland", 2),
            item("store-pulse-pushes", github, "primary.o.r", 4)
        ]
    );
    let expected = Listened { received: 4, published: 5, ..Listened::default() };
    assert_eq!(listener.listened(), expected);
}

#[tokio::test]
async fn a_task_listener_leaves_pushes_to_others() {
    let queue = empty_queue().await;
    let listener = Listener::new(Arc::clone(&queue) as _, Kind::Tasks);
    replay(&listener, &[line(COMPLETED, "a", &json!({})), line(HG_PUSHES, "b", &json!({}))]).await;
    assert_eq!(ready(&*queue, TASKS).await.len(), 1);
    assert_eq!(ready(&*queue, PUSHES).await.len(), 0);
    assert_eq!(
        listener.listened(),
        Listened { received: 2, published: 1, filtered: 1, ..Listened::default() }
    );
}

#[tokio::test]
async fn bindings_filter_by_routing_key_and_cc() {
    let queue = empty_queue().await;
    let kind = Kind::Classification;
    let sources = kind.default_sources(&AmqpUrl::parse("amqp://u:p@h").unwrap());
    let bindings = kind.bindings(0, &sources[0], MozciEnvironment::Production);
    let listener = Listener::new(Arc::clone(&queue) as _, kind).with_bindings(bindings);
    let with_cc = json!({
        "exchange": COMPLETED, "routing_key": "primary.c", "root_url": ROOT_URL, "body": {"wanted": true},
        "cc": ["route.x", "route.index.project.mozci.classification.autoland.revision.abc"],
    });
    replay(&listener, &[line(COMPLETED, "primary.a", &json!({})), with_cc.to_string()]).await;
    let items = ready(&*queue, CLASSIFICATION).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["args"]["body"], json!({"wanted": true}));
    assert_eq!(listener.listened().filtered, 1);
}

#[tokio::test]
async fn what_cannot_become_a_work_item_is_kept_with_its_error() {
    let queue = empty_queue().await;
    let listener = Listener::new(Arc::clone(&queue) as _, Kind::Joint);
    let (sender, mut source) = ChannelSource::new(10);
    let send = async |exchange: &str, body: &[u8]| {
        let delivery = Delivery {
            exchange: exchange.into(),
            routing_key: "key".into(),
            cc: vec!["cc".into()],
            root_url: ROOT_URL.into(),
            body: body.to_vec(),
        };
        assert!(sender.send(delivery).await);
    };
    send(COMPLETED, b"{\"a\": 1").await;
    send(COMPLETED, b"{\"a\": \"\xff\"}").await;
    send(HG_PUSHES, b"[1]").await;
    send("exchange/unknown/v1", b"{}").await;
    send(COMPLETED, b"{}").await;
    drop(sender);
    listener.run(&mut source, &CancellationToken::new()).await;

    assert_eq!(ready(&*queue, TASKS).await.len(), 1);
    let tasks = dead(&*queue, TASKS).await;
    let errors: Vec<_> = tasks.iter().map(|letter| letter.error.as_str()).collect();
    assert_eq!(
        errors,
        [
            format!(
                "body of a message from {COMPLETED} is not JSON: EOF while parsing an object at line 1 column 7"
            ),
            format!(
                "body of a message from {COMPLETED} is not UTF-8: invalid utf-8 sequence of 1 bytes from index 7"
            ),
        ]
    );
    let kept: serde_json::Value = serde_json::from_str(&tasks[0].payload).unwrap();
    assert_eq!(
        kept,
        json!({"exchange": COMPLETED, "routing_key": "key", "cc": ["cc"], "root_url": ROOT_URL, "body": {"text": "{\"a\": 1"}})
    );
    let kept: serde_json::Value = serde_json::from_str(&tasks[1].payload).unwrap();
    assert_eq!(kept["body"], json!({"base64": "eyJhIjogIv8ifQ=="}));

    let pushes = dead(&*queue, PUSHES).await;
    assert_eq!(pushes[0].error, format!("body of a message from {HG_PUSHES} is not a JSON object"));
    assert_eq!(pushes[1].error, "unknown exchange \"exchange/unknown/v1\" (routing key \"key\")");
    // Once the exchange is known, putting it back is enough.
    assert_eq!(WorkItem::from_payload(&pushes[1].payload).unwrap().task(), "store-pulse-pushes");
    assert_eq!(listener.listened(), Listened { received: 5, published: 1, dead: 4, ..Listened::default() });
}

#[tokio::test]
async fn a_broken_line_becomes_a_dead_letter_and_the_rest_goes_on() {
    for (kind, expected) in [(Kind::Joint, QueueName::Default), (Kind::Pushes, PUSHES)] {
        let queue = empty_queue().await;
        let listener = Listener::new(Arc::clone(&queue) as _, kind);
        let push = line(HG_PUSHES, "a", &json!({}));
        replay(&listener, &[push.clone(), "{\"exchange\":".to_owned(), push]).await;
        assert_eq!(ready(&*queue, PUSHES).await.len(), 2);
        let letters = dead(&*queue, expected).await;
        assert_eq!(letters.len(), 1);
        let error = &letters[0].error;
        assert!(error.contains("pulse.jsonl:2: not a recorded message: EOF"), "{error}");
        let kept: serde_json::Value = serde_json::from_str(&letters[0].payload).unwrap();
        assert_eq!(kept["raw"], json!({"text": "{\"exchange\":"}));
    }
}

#[tokio::test]
async fn many_deliveries_all_arrive_in_order() {
    let queue = empty_queue().await;
    let listener = Listener::new(Arc::clone(&queue) as _, Kind::Tasks)
        .with_options(ListenerOptions { batch: 7, ..ListenerOptions::default() });
    let lines: Vec<String> = (0..250).map(|number| line(COMPLETED, "a", &json!({"n": number}))).collect();
    replay(&listener, &lines).await;
    let items = ready(&*queue, TASKS).await;
    let numbers: Vec<_> = items.iter().map(|item| item["args"]["body"]["n"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (0..250).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failing_source_is_tried_again() {
    let queue = empty_queue().await;
    let options = ListenerOptions { longest_pause: Duration::from_millis(1), ..ListenerOptions::default() };
    let listener = Listener::new(Arc::clone(&queue) as _, Kind::Tasks).with_options(options);
    let recordings = Recordings::new();
    let lines: Vec<String> = (0..5).map(|number| line(COMPLETED, "a", &json!({"n": number}))).collect();
    let replay = ReplaySource::new([recordings.file("x", lines.join("\n"))], Pace::AsFastAsPossible);
    listener.run(&mut Flaky(replay, false), &CancellationToken::new()).await;
    assert_eq!(ready(&*queue, TASKS).await.len(), 5);
}

#[tokio::test]
async fn deliveries_are_acknowledged_only_when_they_are_durable() {
    // No table yet: every publication fails.
    let store = Store::connect("sqlite::memory:", 1).await.unwrap();
    let queue = Arc::new(SqlQueue::new(store.connection().clone(), "test"));
    let options = ListenerOptions { longest_pause: Duration::from_millis(1), ..ListenerOptions::default() };
    let listener = Arc::new(Listener::new(Arc::clone(&queue) as _, Kind::Tasks).with_options(options));
    let (sender, source) = ChannelSource::new(10);
    let delivery = Delivery {
        exchange: COMPLETED.into(),
        routing_key: "k".into(),
        cc: Vec::new(),
        root_url: ROOT_URL.into(),
        body: b"{}".to_vec(),
    };
    sender.send(delivery.clone()).await;

    let stop = CancellationToken::new();
    let run = |mut source: ChannelSource, stop: CancellationToken| {
        let listener = Arc::clone(&listener);
        tokio::spawn(async move {
            listener.run(&mut source, &stop).await;
            source
        })
    };
    let running = run(source, stop.clone());
    while listener.listened().received == 0 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    let source = running.await.unwrap();
    assert_eq!(listener.listened(), Listened { received: 1, given_back: 1, ..Listened::default() });

    // The same delivery comes again, and the table appears while the listener is trying.
    let stop = CancellationToken::new();
    let running = run(source, stop.clone());
    while listener.listened().received == 1 {
        tokio::task::yield_now().await;
    }
    Migration.up(&SchemaManager::new(store.connection())).await.unwrap();
    drop(sender);
    let mut source = running.await.unwrap();
    assert!(source.next().await.unwrap().is_none());
    assert_eq!(ready(&*queue, TASKS).await.len(), 1);
    assert_eq!(listener.listened().published, 1);
}
