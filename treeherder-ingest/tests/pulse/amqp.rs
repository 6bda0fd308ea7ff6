//! Pulse over AMQP, on a real broker.

use std::process::Command;
use std::sync::Arc;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use serde_json::json;
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::pulse::{
    AmqpSource, AmqpSourceOptions, AmqpUrl, Binding, Delivery, Incoming, PulseGuardian, Received,
    RoutingKeyTransform, Source as _, SourceConfig,
};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::rabbitmq::{RabbitMq, SECOND_VHOST};

/// Exchanges and a queue of one test.
struct Pulse {
    server: Arc<RabbitMq>,
    exchange: String,
    queue: String,
    publishers: Vec<(String, Connection, Channel)>,
}

impl Pulse {
    async fn start(server: Option<Arc<RabbitMq>>, vhosts: &[&str]) -> Option<Self> {
        let server = server?;
        let name = uuid::Uuid::new_v4().simple().to_string();
        let (exchange, queue) = (format!("exchange/test/{name}"), format!("queue/guest/{name}"));
        let mut pulse = Self { server, exchange, queue, publishers: Vec::new() };
        for vhost in vhosts {
            pulse.connect(vhost).await;
        }
        Some(pulse)
    }

    /// Opens the publishing side.
    async fn connect(&mut self, vhost: &str) {
        let url = self.server.url(vhost);
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let exchange = self.exchange.as_str().into();
        channel
            .exchange_declare(exchange, ExchangeKind::Topic, options, FieldTable::default())
            .await
            .unwrap();
        self.publishers.retain(|(name, ..)| name != vhost);
        self.publishers.push((vhost.to_owned(), connection, channel));
    }

    async fn publish(&self, vhost: &str, key: &str, cc: &[&str], body: &serde_json::Value) {
        let (.., channel) = self.publishers.iter().find(|(name, ..)| name == vhost).unwrap();
        let keys: Vec<_> = cc.iter().map(|key| AMQPValue::LongString((*key).into())).collect();
        let mut headers = FieldTable::default();
        headers.insert("CC".into(), AMQPValue::FieldArray(FieldArray::from(keys)));
        let properties = BasicProperties::default().with_delivery_mode(2).with_headers(headers);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, body) = (self.exchange.as_str().into(), body.to_string());
        let sent = channel.basic_publish(exchange, key.into(), options, body.as_bytes(), properties);
        let confirmation = sent.await.unwrap().await.unwrap();
        assert_eq!(confirmation, lapin::Confirmation::Ack(None), "routed and confirmed");
    }

    fn source(&self, vhost: &str, root_url: &str, key: &str, options: AmqpSourceOptions) -> AmqpSource {
        let url = AmqpUrl::parse(&self.server.url("/")).unwrap();
        let config = SourceConfig { vhost: vhost.to_owned(), ..SourceConfig::new(url, root_url) };
        let binding =
            Binding::parse(&format!("{}.{key}", self.exchange), RoutingKeyTransform::AnyPrefix).unwrap();
        AmqpSource::new(config, self.queue.as_str(), vec![binding], options)
    }
}

fn server() -> Option<Arc<RabbitMq>> {
    tokio::task::block_in_place(RabbitMq::shared)
}

/// Waits for the next delivery, through failures of the connection.
async fn next(source: &mut AmqpSource) -> (Received, Delivery) {
    loop {
        match source.next().await {
            Ok(Some(received)) => {
                let Incoming::Delivery(delivery) = received.incoming.clone() else { panic!("{received:?}") };
                return (received, delivery);
            }
            Ok(None) => panic!("Pulse has no end"),
            Err(error) => println!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_come_with_all_their_parts_from_each_virtual_host() {
    let Some(pulse) = Pulse::start(server(), &["/", SECOND_VHOST]).await else { return };
    let options = AmqpSourceOptions::default;
    let mut first = pulse.source("/", "https://firefox.example", "route.wanted.#", options());
    let mut second = pulse.source(SECOND_VHOST, "https://community.example", "#", options());
    first.check().await.unwrap();
    second.check().await.unwrap();
    let body = json!({"taskId": "é"});
    // Only one of its further keys matches; it comes once.
    pulse.publish("/", "primary.a", &["route.wanted.x", "route.wanted.y"], &body).await;
    pulse.publish(SECOND_VHOST, "primary.b", &[], &json!({})).await;
    let (received, delivery) = next(&mut first).await;
    let expected = Delivery {
        exchange: pulse.exchange.clone(),
        routing_key: "primary.a".into(),
        cc: vec!["route.wanted.x".into(), "route.wanted.y".into()],
        root_url: "https://firefox.example".into(),
        body: body.to_string().into_bytes(),
    };
    assert_eq!(delivery, expected);
    received.ack().await.unwrap();
    let (received, delivery) = next(&mut second).await;
    assert_eq!(
        (delivery.routing_key.as_str(), delivery.root_url.as_str()),
        ("primary.b", "https://community.example")
    );
    received.ack().await.unwrap();

    // Acknowledged means gone: the next message is the next one.
    pulse.publish("/", "route.wanted.last", &[], &json!({})).await;
    first.close().await;
    let (received, delivery) = next(&mut first).await;
    assert_eq!(delivery.routing_key, "route.wanted.last");
    received.ack().await.unwrap();
    first.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_acknowledged_comes_again() {
    let Some(pulse) = Pulse::start(server(), &["/"]).await else { return };
    let mut source = pulse.source("/", "https://x.example", "#", AmqpSourceOptions::default());
    source.check().await.unwrap();
    pulse.publish("/", "one", &[], &json!({})).await;
    next(&mut source).await.0.retry().await.unwrap();
    let (dropped, delivery) = next(&mut source).await;
    assert_eq!(delivery.routing_key, "one");
    drop(dropped);
    let (held, delivery) = next(&mut source).await;
    assert_eq!(delivery.routing_key, "one");
    // The process ends while it holds the delivery.
    source.close().await;
    assert!(held.ack().await.is_err());
    let (received, delivery) = next(&mut source).await;
    assert_eq!(delivery.routing_key, "one");
    received.ack().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_acknowledged_together_and_none_that_came_later() {
    let Some(pulse) = Pulse::start(server(), &["/"]).await else { return };
    let mut source = pulse.source("/", "https://x.example", "#", AmqpSourceOptions::default());
    source.check().await.unwrap();
    for key in ["lost", "one", "two", "three", "later"] {
        pulse.publish("/", key, &[], &json!({})).await;
    }
    // Received over a connection that ends: these tags mean nothing to the next one, where they are others'.
    let (lost, _) = next(&mut source).await;
    source.close().await;
    let (first, delivery) = next(&mut source).await;
    assert_eq!(delivery.routing_key, "lost");
    let mut together = vec![lost, first];
    for key in ["one", "two", "three"] {
        let (received, delivery) = next(&mut source).await;
        assert_eq!(delivery.routing_key, key);
        together.push(received);
    }
    let (later, delivery) = next(&mut source).await;
    assert_eq!(delivery.routing_key, "later");
    let errors = Received::ack_all(together).await;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].reason.contains("is gone"), "{errors:?}");
    source.close().await;
    drop(later);
    let (received, delivery) = next(&mut source).await;
    assert_eq!(delivery.routing_key, "later", "what was acknowledged does not come again, what was not does");
    assert!(received.is_redelivered());
    received.ack().await.unwrap();
    source.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_connection_and_a_restarted_broker_are_survived() {
    let own = tokio::task::block_in_place(RabbitMq::start_own).map(Arc::new);
    let Some(mut pulse) = Pulse::start(own, &["/"]).await else { return };
    let mut source = pulse.source("/", "https://x.example", "#", AmqpSourceOptions::default());
    source.check().await.unwrap();
    for restart in [false, true] {
        pulse.publish("/", "before", &[], &json!({})).await;
        let (held, _) = next(&mut source).await;
        let server = Arc::clone(&pulse.server);
        tokio::task::block_in_place(
            || if restart { server.restart() } else { server.close_all_connections() },
        );
        pulse.connect("/").await;
        let (again, delivery) = next(&mut source).await;
        assert_eq!(delivery.routing_key, "before", "a delivery in hand comes again");
        assert!(held.ack().await.is_err(), "over another connection");
        again.ack().await.unwrap();
        pulse.publish("/", "after", &[], &json!({})).await;
        let (received, delivery) = next(&mut source).await;
        assert_eq!(delivery.routing_key, "after");
        received.ack().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_exchange_is_named() {
    let Some(mut pulse) = Pulse::start(server(), &[]).await else { return };
    let mut source = pulse.source("/", "https://x.example", "#", AmqpSourceOptions::default());
    for error in [source.check().await.unwrap_err(), source.next().await.unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains(&format!("exchange \"{}\" cannot be listened to", pulse.exchange)), "{text}");
        assert!(text.contains("NOT_FOUND") && !text.contains("guest:guest"), "{text}");
    }
    // It is found when it appears.
    pulse.connect("/").await;
    let waiting = tokio::spawn(async move { next(&mut source).await.1.routing_key });
    let (.., channel) = &pulse.publishers[0];
    // Until the queue is bound, messages are returned.
    loop {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let exchange = pulse.exchange.as_str().into();
        let sent = channel.basic_publish(exchange, "k".into(), options, b"{}", BasicProperties::default());
        if sent.await.unwrap().await.unwrap() == lapin::Confirmation::Ack(None) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(waiting.await.unwrap(), "k");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_bindings_are_removed() {
    let Some(pulse) = Pulse::start(server(), &["/"]).await else { return };
    let guardian = MockServer::start().await;
    let bindings = json!({"bindings": [
        {"source": "", "routing_key": pulse.queue},
        {"source": pulse.exchange, "routing_key": "#.wanted"},
        {"source": pulse.exchange, "routing_key": "stale"},
    ]});
    Mock::given(method("GET"))
        .and(path(format!("/queue/{}/bindings", pulse.queue)))
        .respond_with(ResponseTemplate::new(200).set_body_json(bindings))
        .expect(1..)
        .mount(&guardian)
        .await;
    let client = Client::new(ClientOptions::for_local_servers()).unwrap();
    let options = AmqpSourceOptions {
        guardian: Some(PulseGuardian::new(client, guardian.uri())),
        ..AmqpSourceOptions::default()
    };
    let mut source = pulse.source("/", "https://x.example", "wanted", options);
    source.check().await.unwrap();
    let (.., channel) = &pulse.publishers[0];
    let (queue, exchange) = (pulse.queue.as_str().into(), pulse.exchange.as_str().into());
    let bind = QueueBindOptions::default();
    channel.queue_bind(queue, exchange, "stale".into(), bind, FieldTable::default()).await.unwrap();

    // The first delivery proves that the bindings have been dealt with.
    pulse.publish("/", "wanted", &[], &json!({})).await;
    next(&mut source).await.0.ack().await.unwrap();
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let exchange = pulse.exchange.as_str().into();
    let sent = channel.basic_publish(exchange, "stale".into(), options, b"{}", BasicProperties::default());
    let returned = sent.await.unwrap().await.unwrap().take_message();
    assert_eq!(returned.unwrap().reply_text.as_str(), "NO_ROUTE");
}

const PIKA: &str = r#"
import sys, pika
url, exchange = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.confirm_delivery()
properties = pika.BasicProperties(content_type="application/json", delivery_mode=2, headers={"CC": ["route.one", "route.two"]})
channel.basic_publish(exchange, "primary.from.python", b'{"from": "pika"}', properties, mandatory=True)
connection.close()
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_published_from_python_arrives() {
    let Some(python) = crate::python::program("python") else { return };
    let Some(pulse) = Pulse::start(server(), &["/"]).await else { return };
    let mut source = pulse.source("/", "https://x.example", "route.two", AmqpSourceOptions::default());
    source.check().await.unwrap();
    let url = pulse.server.url("/");
    let output = Command::new(python).args(["-c", PIKA, &url, &pulse.exchange]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (received, delivery) = next(&mut source).await;
    assert_eq!(delivery.routing_key, "primary.from.python");
    assert_eq!(delivery.cc, ["route.one", "route.two"]);
    assert_eq!(delivery.body, br#"{"from": "pika"}"#);
    received.ack().await.unwrap();
}
