//! Fresh, empty queues for each test, on each backend.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use treeherder_ingest::pulse::AmqpUrl;
use treeherder_ingest::queue::{ManualClock, Queue, RabbitOptions, RabbitQueue, SqlQueue};
use treeherder_ingest::store::Store;

use crate::support::database::{self, TestStore};
use crate::support::rabbitmq::RabbitMq;

/// Empty queues of one test; dropping them removes them.
#[async_trait]
pub(crate) trait Backend: Sized + Send + Sync {
    /// Makes them, or returns nothing where the backend is not available.
    async fn start() -> Option<Self>;

    /// Opens a handle, as a process with that name would.
    async fn open(&self, owner: &str) -> Arc<dyn Queue>;

    /// Lets time pass.
    async fn pass(&self, time: Duration);

    /// Ends the leases of `lease` that all handles have been given.
    async fn end_leases(&self, lease: Duration) {
        self.pass(lease).await;
    }

    /// Tells whether leases outlive the process that holds them; a broker takes messages back at once.
    fn leases_outlive_processes(&self) -> bool {
        true
    }
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

/// Queues of their own on a private RabbitMQ, or on that of `TEST_AMQP_URL`.
#[derive(Debug)]
pub(crate) struct Rabbit {
    server: Arc<RabbitMq>,
    prefix: String,
    clock: Arc<ManualClock>,
    opened: Mutex<Vec<Weak<RabbitQueue>>>,
}

impl Rabbit {
    /// Returns the settings of a handle.
    ///
    /// The broker waits in real time: short steps are repeated until the clock says that a message is due.
    pub(crate) fn options(&self, owner: &str) -> RabbitOptions {
        let mut options = RabbitOptions::new(AmqpUrl::parse(&self.server.url("/")).unwrap(), owner);
        // Nobody kills this server.
        options.settling = Duration::ZERO;
        options.prefix.clone_from(&self.prefix);
        options.prefetch = 1_000;
        options.steps = vec![Duration::from_millis(200), Duration::from_secs(50)];
        options
    }

    /// Opens a handle as [`Backend::open`] does.
    pub(crate) fn rabbit_queue(&self, owner: &str) -> Arc<RabbitQueue> {
        let queue = Arc::new(RabbitQueue::with_clock(self.options(owner), Arc::clone(&self.clock) as _));
        self.opened.lock().unwrap().push(Arc::downgrade(&queue));
        queue
    }
}

#[async_trait]
impl Backend for Rabbit {
    async fn start() -> Option<Self> {
        let server = tokio::task::block_in_place(RabbitMq::shared)?;
        let prefix = format!("{}.", uuid::Uuid::new_v4().simple());
        Some(Self { server, prefix, clock: Arc::default(), opened: Mutex::default() })
    }

    async fn open(&self, owner: &str) -> Arc<dyn Queue> {
        self.rabbit_queue(owner)
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn end_leases(&self, lease: Duration) {
        self.pass(lease).await;
        let opened: Vec<_> = self.opened.lock().unwrap().iter().filter_map(Weak::upgrade).collect();
        for queue in opened {
            queue.close().await;
        }
    }

    fn leases_outlive_processes(&self) -> bool {
        false
    }
}
