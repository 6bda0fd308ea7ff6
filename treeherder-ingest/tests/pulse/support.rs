//! Queues, recorded files and sources with scars.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm_migration::{MigrationTrait as _, SchemaManager};
use serde_json::{Value, json};
use treeherder_ingest::pulse::{Received, Source, SourceError};
use treeherder_ingest::queue::{DeadLetter, Migration, Page, Queue, QueueName, SqlQueue};
use treeherder_ingest::store::Store;

pub(crate) const COMPLETED: &str = "exchange/taskcluster-queue/v1/task-completed";
pub(crate) const HG_PUSHES: &str = "exchange/hgpushes/v1";
pub(crate) const ROOT_URL: &str = "https://tc.example";

/// Empty queues in memory.
pub(crate) async fn empty_queue() -> Arc<SqlQueue> {
    let store = Store::connect("sqlite::memory:", 1).await.unwrap();
    Migration.up(&SchemaManager::new(store.connection())).await.unwrap();
    Arc::new(SqlQueue::new(store.connection().clone(), "test"))
}

/// Everything that is ready on a queue, as JSON.
pub(crate) async fn ready(queue: &dyn Queue, name: QueueName) -> Vec<Value> {
    let deliveries = queue.claim(&[name], 1_000, Duration::from_secs(60)).await.unwrap();
    deliveries.iter().map(|delivery| serde_json::from_str(&delivery.payload).unwrap()).collect()
}

/// Dead letters of a queue, oldest first.
pub(crate) async fn dead(queue: &dyn Queue, name: QueueName) -> Vec<DeadLetter> {
    let mut letters = queue.dead_letters(name, Page { before: None, limit: 1_000 }).await.unwrap();
    letters.reverse();
    letters
}

/// A folder of recorded files.
pub(crate) struct Recordings(tempfile::TempDir);

impl Recordings {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// A line of a recorded file.
pub(crate) fn line(exchange: &str, routing_key: &str, body: &Value) -> String {
    json!({"exchange": exchange, "routing_key": routing_key, "root_url": ROOT_URL, "body": body}).to_string()
}

/// A source that fails before every delivery.
pub(crate) struct Flaky<S>(pub(crate) S, pub(crate) bool);

#[async_trait]
impl<S: Source> Source for Flaky<S> {
    async fn next(&mut self) -> Result<Option<Received>, SourceError> {
        self.1 = !self.1;
        if self.1 {
            return Err(SourceError { place: "pulse".into(), reason: "connection reset".into() });
        }
        self.0.next().await
    }
}
