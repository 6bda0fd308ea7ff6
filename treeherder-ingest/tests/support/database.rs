//! A fresh, migrated and seeded store per test, on each database.

use std::sync::{LazyLock, Mutex, Weak};

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
    _directory: Option<tempfile::TempDir>,
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
        Some(Self { store, url, _directory: directory, _server: server })
    }

    /// As [`TestStore::empty`], with the seed data loaded.
    ///
    /// # Panics
    /// When the database cannot be made.
    pub(crate) async fn seeded(backend: Backend) -> Option<Self> {
        let test = Self::empty(backend).await?;
        test.store.seed().await.unwrap();
        Some(test)
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
