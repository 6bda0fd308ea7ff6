//! Events over a private broker.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};
use sea_orm::ConnectionTrait as _;
use treeherder_ingest::events::{Event, EventBus as _, EventExchange, LocalBus, RabbitBus, Start, Told};
use treeherder_ingest::pulse::AmqpUrl;
use treeherder_ingest::store::Store;

use crate::reader::{number, numbered, numbers, woken_only};
use crate::support::database::{Backend, TestStore};
use crate::support::rabbitmq::RabbitMq;

/// A bus as one process has it: a connection to the database of its own.
async fn process(server: &RabbitMq, test: &TestStore, exchange: &str) -> RabbitBus {
    let mut settings = EventExchange::new(AmqpUrl::parse(&server.url("/")).unwrap());
    settings.name = exchange.to_owned();
    settings.pause = Duration::from_millis(50);
    RabbitBus::new(Store::connect(&test.url, 2).await.unwrap(), settings, woken_only())
}

/// A program that knows the exchange only.
struct Stranger {
    connection: Connection,
    channel: Channel,
    seen: Consumer,
}

impl Stranger {
    /// Binds a queue of its own by a pattern; the exchange is declared as the buses do.
    async fn listen(url: &str, exchange: &str, pattern: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let nothing = FieldTable::default;
        channel.exchange_declare(exchange.into(), ExchangeKind::Topic, durable, nothing()).await.unwrap();
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare("".into(), options, nothing()).await.unwrap();
        let name = queue.name().as_str();
        let bind = QueueBindOptions::default();
        channel.queue_bind(name.into(), exchange.into(), pattern.into(), bind, nothing()).await.unwrap();
        let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let seen = channel.basic_consume(name.into(), "".into(), options, nothing()).await.unwrap();
        Self { connection, channel, seen }
    }

    /// The numbers of the next [`numbered`] events.
    async fn numbers(&mut self, count: usize) -> Vec<i64> {
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            let delivery = self.seen.next().await.unwrap().unwrap();
            let body: serde_json::Value = serde_json::from_slice(&delivery.data).unwrap();
            numbers.push(body["id"].as_i64().unwrap());
        }
        numbers
    }
}

fn started() -> Option<Arc<RabbitMq>> {
    RabbitMq::shared()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_process_hears_of_every_event_and_the_exchange_has_the_documented_form() {
    let Some(server) = started() else { return };
    let test = TestStore::empty(Backend::Sqlite).await.unwrap();
    let (one, two) =
        (process(&server, &test, "events-form").await, process(&server, &test, "events-form").await);
    let mut readers = [one.subscribe(Start::Now).await.unwrap(), two.subscribe(Start::Now).await.unwrap()];

    let exchange = "events-form";
    let Stranger { connection, channel, mut seen } =
        Stranger::listen(&server.url("/"), exchange, "events.try.*").await;

    one.publish(&[numbered(1), Event::job_classification("try", 2, "ana@example.com")]).await.unwrap();
    two.publish(&[numbered(3)]).await.unwrap();
    for reader in &mut readers {
        assert_eq!(numbers(reader, 3).await, [1, 2, 3]);
    }
    let delivery = seen.next().await.unwrap().unwrap();
    // Failures are published without the branch, so the first one it sees is the classification.
    assert_eq!(delivery.routing_key.as_str(), "events.try.job_classification");
    assert_eq!(delivery.properties.delivery_mode(), &Some(2));
    assert_eq!(delivery.properties.content_type().as_ref().unwrap().as_str(), "application/json");
    let body: serde_json::Value = serde_json::from_slice(&delivery.data).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"event": "job_classification", "branch": "try", "id": 2, "who": "ana@example.com"})
    );

    // What it publishes itself reaches the readers, without an id; what is no event does not.
    for body in ["no JSON", r#"{"event": "tree_closed", "branch": "try", "id": 4}"#] {
        channel
            .basic_publish(
                exchange.into(),
                "events.try.tree_closed".into(),
                BasicPublishOptions::default(),
                body.as_bytes(),
                BasicProperties::default(),
            )
            .await
            .unwrap();
    }
    for reader in &mut readers {
        let Told::Event(event) = reader.next().await.unwrap() else { panic!("a gap") };
        assert_eq!((event.name(), event.sequence()), ("tree_closed", None));
    }
    connection.close(200, "bye".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_of_a_process_goes_with_its_connection_also_before_it_consumes() {
    let Some(server) = started() else { return };
    let test = TestStore::empty(Backend::Sqlite).await.unwrap();
    let listening = process(&server, &test, "events-own-queue").await;
    let _reader = listening.subscribe(Start::Now).await.unwrap();
    let queues = tokio::task::block_in_place(|| server.messages("/"));
    let queues: Vec<_> = queues.into_iter().filter(|(name, _)| name.starts_with("amq.gen-")).collect();
    assert!(!queues.is_empty());
    let connection = Connection::connect(&server.url("/"), ConnectionProperties::default()).await.unwrap();
    for (name, _) in queues {
        // A connection's own queue is nobody else's to look at. Those of other tests may be gone by now.
        let channel = connection.create_channel().await.unwrap();
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let looked = channel.queue_declare(name.as_str().into(), passive, FieldTable::default()).await;
        let refusal = looked.map(drop).unwrap_err().to_string();
        assert!(refusal.contains("RESOURCE_LOCKED") || refusal.contains("NOT_FOUND"), "{name}: {refusal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_survive_a_broker_that_goes_away() {
    let Some(server) = RabbitMq::start_own() else { return };
    let test = TestStore::empty(Backend::Sqlite).await.unwrap();
    let (one, two) = (process(&server, &test, "events").await, process(&server, &test, "events").await);
    let mut reader = two.subscribe(Start::Now).await.unwrap();
    one.publish(&[numbered(1)]).await.unwrap();
    assert_eq!(number(&mut reader).await, Ok(1));
    let restart = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    });
    // Whether the broker is there or not, publishing succeeds and nothing is lost.
    for number in 2..=50 {
        one.publish(&[numbered(number)]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let _server = restart.await.unwrap();
    assert_eq!(numbers(&mut reader, 49).await, (2..=50).collect::<Vec<_>>());
}

/// Between the commit and the publication.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_that_died_has_not_published_is_published_by_the_next_one() {
    let Some(server) = started() else { return };
    let test = TestStore::empty(Backend::Sqlite).await.unwrap();
    let mut stranger = Stranger::listen(&server.url("/"), "events-dead", "events.#").await;
    // A process that commits, and is gone before anything is published.
    let dead = Store::connect(&test.url, 2).await.unwrap();
    for number in 1..=600 {
        dead.append_events(&[numbered(number)]).await.unwrap();
    }
    dead.connection().clone().close().await.unwrap();

    let one = process(&server, &test, "events-dead").await;
    assert_eq!(stranger.numbers(600).await, (1..=600).collect::<Vec<_>>());
    // One that is started later does not publish them again.
    let two = process(&server, &test, "events-dead").await;
    two.publish(&[numbered(601)]).await.unwrap();
    one.publish(&[numbered(602)]).await.unwrap();
    assert_eq!(stranger.numbers(2).await, [601, 602]);

    // One that dies between the publication and its note leaves both to the next: twice is allowed, never is not.
    // The notes of these two have to be there first, or they would overwrite what is forgotten here.
    let noted = async {
        while test.store.relayed_event().await.unwrap() < 602 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), noted).await.expect("the position is noted");
    drop((one, two));
    let forgotten = "UPDATE event_relay SET position = position - 2";
    test.store.connection().execute_unprepared(forgotten).await.unwrap();
    test.store.append_events(&[numbered(603)]).await.unwrap();
    let _three = process(&server, &test, "events-dead").await;
    assert_eq!(stranger.numbers(3).await, [601, 602, 603]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_turn_of_a_process_that_died_ends() {
    let Some(server) = started() else { return };
    let test = TestStore::empty(Backend::Sqlite).await.unwrap();
    let mut stranger = Stranger::listen(&server.url("/"), "events-turn", "events.#").await;
    let now = chrono::Utc::now().timestamp_millis();
    assert_eq!(test.store.take_relay_turn("dead", now, now + 300).await.unwrap(), Some(0));
    assert_eq!(test.store.take_relay_turn("other", now, now + 300).await.unwrap(), None);
    let bus = process(&server, &test, "events-turn").await;
    bus.publish(&[numbered(1), numbered(2)]).await.unwrap();
    assert_eq!(stranger.numbers(2).await, [1, 2]);
    // It cannot take back what others have told meanwhile.
    assert!(!test.store.end_relay_turn("dead", 0).await.unwrap());
}

/// Publishes what readers of the other language are to get.
const PIKA: &str = r#"
import json, sys, pika
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.exchange_declare("events", "topic", durable=True)
body = json.dumps({"event": "job", "branch": "try", "status": "processed", "job_guids": {}})
channel.basic_publish("events", "events.try.job", body)
connection.close()
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_published_from_python_arrives() {
    let Some(python) = crate::support::python::program("python") else { return };
    let Some(server) = started() else { return };
    let test = TestStore::empty(Backend::Sqlite).await.unwrap();
    let bus = process(&server, &test, "events").await;
    let mut reader = bus.subscribe(Start::Now).await.unwrap();
    let output = Command::new(python).args(["-c", PIKA, &server.url("/")]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let Told::Event(event) = reader.next().await.unwrap() else { panic!("a gap") };
    assert_eq!((event.branch(), event.name()), ("try", "job"));
}

#[tokio::test]
async fn without_a_broker_events_are_found_in_the_table() {
    let test = TestStore::empty(Backend::Sqlite).await.unwrap();
    let mut settings = EventExchange::new(AmqpUrl::parse("amqp://guest:guest@127.0.0.1:9/").unwrap());
    settings.confirm_timeout = Duration::from_millis(200);
    let bus = RabbitBus::new(test.store.clone(), settings, woken_only());
    bus.publish(&[numbered(1)]).await.unwrap();
    let reader = LocalBus::new(test.store.clone());
    let mut reader = reader.subscribe(Start::After(0)).await.unwrap();
    assert_eq!(number(&mut reader).await, Ok(1));
}
