//! Fresh, empty queues for each test, on each backend.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use treeherder_ingest::queue::{ManualClock, Queue, SqlQueue};
use treeherder_ingest::store::Store;

use crate::support::database::{self, TestStore};

/// Empty queues of one test; dropping them removes them.
#[async_trait]
pub(crate) trait Backend: Sized + Send + Sync {
    /// Makes them, or returns nothing where the backend is not available.
    async fn start() -> Option<Self>;

    /// Opens a handle, as a process with that name would.
    async fn open(&self, owner: &str) -> Arc<dyn Queue>;

    /// Lets time pass.
    async fn pass(&self, time: Duration);
}

/// Queues in a database, with a clock that goes by hand.
#[derive(Debug)]
pub(crate) struct Sql {
    database: TestStore,
    clock: Arc<ManualClock>,
}

impl Sql {
    async fn start(backend: database::Backend) -> Option<Self> {
        Some(Self { database: TestStore::empty(backend).await?, clock: Arc::default() })
    }

    /// Opens the store beside the queues, with connections of its own.
    pub(crate) async fn store(&self) -> Store {
        Store::connect(&self.database.url, 3).await.unwrap()
    }

    /// Opens a handle as [`Backend::open`] does.
    pub(crate) async fn sql_queue(&self, owner: &str) -> SqlQueue {
        let connection = self.store().await.connection().clone();
        SqlQueue::with_clock(connection, owner, Arc::clone(&self.clock) as _)
    }
}

macro_rules! sql_backend {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug)]
        pub(crate) struct $name(Sql);

        impl std::ops::Deref for $name {
            type Target = Sql;

            fn deref(&self) -> &Sql {
                &self.0
            }
        }

        #[async_trait]
        impl Backend for $name {
            async fn start() -> Option<Self> {
                Sql::start(database::Backend::$name).await.map(Self)
            }

            async fn open(&self, owner: &str) -> Arc<dyn Queue> {
                Arc::new(self.sql_queue(owner).await)
            }

            async fn pass(&self, time: Duration) {
                self.clock.advance(time);
            }
        }
    };
}

sql_backend! {
    /// A SQLite file.
    Sqlite
}
sql_backend! {
    /// A database of its own on a private PostgreSQL, or on that of `TEST_DATABASE_URL`.
    Postgres
}
