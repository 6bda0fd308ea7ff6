//! Fresh, empty queues for each test, on each backend.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use sea_orm_migration::{MigrationTrait as _, SchemaManager};
use treeherder_ingest::queue::{ManualClock, Migration, Queue, SqlQueue};
use treeherder_ingest::store::Store;

/// Empty queues of one test.
#[async_trait]
pub(crate) trait Backend: Sized + Send + Sync {
    /// Makes them, or returns nothing where the backend is not available.
    async fn start() -> Option<Self>;

    /// Opens a handle, as a process with that name would.
    async fn open(&self, owner: &str) -> Arc<dyn Queue>;

    /// Lets time pass.
    async fn pass(&self, time: Duration);

    /// Removes them.
    async fn finish(self);
}

/// A SQLite file in a temporary directory.
#[derive(Debug)]
pub(crate) struct Sqlite {
    directory: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl Sqlite {
    pub(crate) async fn store(&self) -> Store {
        let path = self.directory.path().join("queue.sqlite");
        Store::connect(&format!("sqlite://{}?mode=rwc", path.display()), 4).await.unwrap()
    }

    pub(crate) async fn sql_queue(&self, owner: &str) -> SqlQueue {
        let connection = self.store().await.connection().clone();
        SqlQueue::with_clock(connection, owner, Arc::clone(&self.clock) as _)
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn start() -> Option<Self> {
        let backend = Self { directory: tempfile::tempdir().unwrap(), clock: Arc::default() };
        Migration.up(&SchemaManager::new(backend.store().await.connection())).await.unwrap();
        Some(backend)
    }

    async fn open(&self, owner: &str) -> Arc<dyn Queue> {
        Arc::new(self.sql_queue(owner).await)
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn finish(self) {}
}

/// A schema of its own in the PostgreSQL of `TEST_DATABASE_URL`.
#[derive(Debug)]
pub(crate) struct Postgres {
    schema: String,
    url: String,
    clock: Arc<ManualClock>,
}

impl Postgres {
    async fn connect(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(&self.url);
        options.set_schema_search_path(&self.schema).max_connections(3).sqlx_logging(false);
        Database::connect(options).await.unwrap()
    }
}

#[async_trait]
impl Backend for Postgres {
    async fn start() -> Option<Self> {
        let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
            eprintln!("skipped: TEST_DATABASE_URL is not set");
            return None;
        };
        let schema = format!("queue_{}", uuid::Uuid::new_v4().simple());
        let backend = Self { schema, url, clock: Arc::default() };
        let connection = backend.connect().await;
        connection.execute_unprepared(&format!("CREATE SCHEMA {}", backend.schema)).await.unwrap();
        Migration.up(&SchemaManager::new(&connection)).await.unwrap();
        Some(backend)
    }

    async fn open(&self, owner: &str) -> Arc<dyn Queue> {
        Arc::new(SqlQueue::with_clock(self.connect().await, owner, Arc::clone(&self.clock) as _))
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn finish(self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.schema);
        self.connect().await.execute_unprepared(&drop).await.unwrap();
    }
}
