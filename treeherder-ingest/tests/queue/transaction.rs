//! Publishing inside the transaction that makes the effect.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use treeherder_ingest::queue::{Message, Queue as _, QueueName};

use crate::backend::{Backend as _, Sqlite};

const LOGS: QueueName = QueueName::LogParser;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_appear_with_the_commit_and_vanish_with_the_rollback() {
    let backend = Sqlite::start().await.unwrap();
    let store = backend.store().await;
    let queue = backend.sql_queue("a").await;
    store.connection().execute_unprepared("CREATE TABLE effect (x INTEGER)").await.unwrap();
    for commits in [false, true] {
        let mut wake_up = queue.wake_up(LOGS);
        wake_up.mark();
        let transaction = store.begin_write().await.unwrap();
        transaction.execute_unprepared("INSERT INTO effect VALUES (1)").await.unwrap();
        let published = queue.publish_in(&transaction, &[Message::new(LOGS, "log")]).await.unwrap();
        let ready = async || queue.depths().await.unwrap()[LOGS as usize].ready;
        assert_eq!(ready().await, 0, "visible before the commit");
        if commits {
            transaction.commit().await.unwrap();
            published.announce();
            // Hangs when nobody is woken.
            wake_up.wait(Duration::from_secs(3600)).await;
        } else {
            transaction.rollback().await.unwrap();
        }
        assert_eq!(ready().await, u64::from(commits));
    }
}
