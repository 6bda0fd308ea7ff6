//! Single messages that wait in a table: found and removed by their ids.

use std::time::Duration;

use treeherder_ingest::queue::{Burial, Message, MessageId, QueueName, Retry};

use crate::backend::{Backend, Postgres, Sqlite};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_message_is_found_and_removed_by_its_id_on_sqlite() {
    removed(&Sqlite::start().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_message_is_found_and_removed_by_its_id_on_postgres() {
    let Some(backend) = Postgres::start().await else { return };
    removed(&backend).await;
}

async fn removed(backend: &impl Backend) {
    const LEASE: Duration = Duration::from_secs(60);
    let queue = backend.open("a").await;
    queue.publish(&["one", "other"].map(|text| Message::new(QueueName::Statsd, text))).await.unwrap();
    let claimed = queue.claim(&[QueueName::Statsd], 1, LEASE).await.unwrap();
    let id = claimed[0].message_id;
    assert_eq!(queue.find(id).await.unwrap(), None, "it is in someone's hands");
    assert_eq!(queue.remove(id).await.unwrap(), None, "it is in someone's hands");
    let retry =
        Retry { receipt: claimed[0].receipt, delay: Duration::from_secs(10), error: "again".to_owned() };
    queue.retry(&[retry]).await.unwrap();
    let found = queue.find(id).await.unwrap().unwrap();
    assert_eq!((found.payload.as_str(), found.queue, found.attempts), ("one", QueueName::Statsd, 1));
    assert_eq!((found.due - found.first_seen).num_seconds(), 10);
    assert_eq!(found.last_error.as_deref(), Some("again"));
    assert_eq!(queue.remove(id).await.unwrap(), Some(found));
    assert_eq!(queue.remove(id).await.unwrap(), None);
    assert_eq!(queue.find(MessageId::random(7)).await.unwrap(), None);
    let rest = queue.claim(&[QueueName::Statsd], 9, LEASE).await.unwrap();
    assert_eq!(rest.iter().map(|rest| rest.payload.as_str()).collect::<Vec<_>>(), ["other"]);
    let burial = Burial { receipt: rest[0].receipt, error: "no".to_owned() };
    queue.dead(&[burial]).await.unwrap();
    assert_eq!(queue.remove(rest[0].message_id).await.unwrap(), None, "it is a dead letter");
}
