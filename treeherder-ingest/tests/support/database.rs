//! A fresh, migrated and seeded store per test, on each database.

use std::sync::{LazyLock, Mutex, Weak};

use sea_orm::ConnectionTrait as _;
use treeherder_ingest::store::Store;

use super::postgres::Postgres;

/// The databases that every storage test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own on a private server.
    Postgres,
}

/// A store with what keeps its database alive.
#[derive(Debug)]
pub(crate) struct TestStore {
    /// The store.
    pub(crate) store: Store,
    /// Where it is, for further connections.
    pub(crate) url: String,
    directory: Option<tempfile::TempDir>,
    _server: Option<std::sync::Arc<Postgres>>,
}

impl TestStore {
    /// Makes an empty database and migrates it; `None` when the test is to be skipped.
    ///
    /// # Panics
    /// When the database cannot be made.
    pub(crate) async fn empty(backend: Backend) -> Option<Self> {
        let (url, directory, server) = match backend {
            Backend::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}?mode=rwc", directory.path().join("test.sqlite").display());
                (url, Some(directory), None)
            }
            Backend::Postgres => {
                let server = shared_server()?;
                (server.create_database().await, None, Some(server))
            }
        };
        let store = Store::connect(&url, 8).await.unwrap();
        store.migrate().await.unwrap();
        Some(Self { store, url, directory, _server: server })
    }

    /// Connects anew to the same database, as a restarted process does.
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub(crate) async fn reopened(self) -> Self {
        self.over_connections(8).await
    }

    /// As [`TestStore::reopened`], with so many connections at most.
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub(crate) async fn over_connections(self, connections: u32) -> Self {
        let store = Store::connect(&self.url, connections).await.unwrap();
        Self { store, ..self }
    }

    /// As [`TestStore::empty`], with the seed data loaded.
    ///
    /// # Panics
    /// When the database cannot be made.
    pub(crate) async fn seeded(backend: Backend) -> Option<Self> {
        if backend == Backend::Sqlite {
            return Some(Self::copied().await);
        }
        let test = Self::empty(backend).await?;
        test.store.seed().await.unwrap();
        Some(test)
    }

    /// Copies a database that was migrated and seeded once for all tests of the process: many times faster.
    async fn copied() -> Self {
        static TEMPLATE: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();
        let template = TEMPLATE
            .get_or_init(|| async {
                let test = Self::empty(Backend::Sqlite).await.unwrap();
                test.store.seed().await.unwrap();
                // Brings what the write-ahead log holds into the file.
                test.store.connection().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
                let directory = test.directory.as_ref().unwrap().path().to_owned();
                test.store.connection().clone().close().await.unwrap();
                std::fs::read(directory.join("test.sqlite")).unwrap()
            })
            .await;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.sqlite");
        std::fs::write(&path, template).unwrap();
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let store = Store::connect(&url, 8).await.unwrap();
        Self { store, url, directory: Some(directory), _server: None }
    }
}

/// One server for all tests that run at the same time; the last one to let go stops it.
fn shared_server() -> Option<std::sync::Arc<Postgres>> {
    static SERVER: LazyLock<Mutex<Weak<Postgres>>> = LazyLock::new(Mutex::default);
    let mut server = SERVER.lock().unwrap();
    if let Some(running) = server.upgrade() {
        return Some(running);
    }
    let started = std::sync::Arc::new(Postgres::start()?);
    *server = std::sync::Arc::downgrade(&started);
    Some(started)
}
