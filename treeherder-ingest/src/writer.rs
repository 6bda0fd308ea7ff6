//! Who writes to a SQLite file: one at a time, over one connection.
//!
//! SQLite makes other writers sleep, longer with every try, in no order, each on a connection. Within a process that is avoided: whoever
//! wants to write waits here for its turn, first come, first served. All writers use the same connection, because each connection forgets the pages
//! that it has read when another one has written. Other processes still meet at the file's own lock. PostgreSQL has many
//! writers and no turns.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sea_orm::sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, SqlxSqliteConnector, Statement, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

/// How much of the file the writer remembers, as SQLite wants it: in KiB, below zero.
const REMEMBERED: &str = "-16000";

/// The files that this process writes to.
static FILES: Mutex<Option<HashMap<PathBuf, Weak<File>>>> = Mutex::new(None);

#[derive(Debug)]
struct File {
    turns: Arc<Turns<()>>,
    writer: DatabaseConnection,
}

impl File {
    /// Returns what this process knows of the file of a pool; nothing of a database in memory, which has one connection.
    fn of(pool: &SqlitePool) -> Option<Arc<Self>> {
        let options = pool.connect_options();
        let path = options.get_filename();
        if path.to_string_lossy().contains(":memory:") {
            return None;
        }
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let files = files.get_or_insert_default();
        files.retain(|_, file| file.strong_count() > 0);
        if let Some(known) = files.get(&path).and_then(Weak::upgrade) {
            return Some(known);
        }
        let limits = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let writer = limits.connect_lazy_with((*options).clone().pragma("cache_size", REMEMBERED));
        let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
        let file = Arc::new(Self { turns: Arc::default(), writer });
        files.insert(path, Arc::downgrade(&file));
        Some(file)
    }
}

/// The way to write to a database.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    connection: DatabaseConnection,
    file: Option<Arc<File>>,
}

impl Writer {
    /// Returns the writer to the database that a connection is to.
    pub(crate) fn of(connection: &DatabaseConnection) -> Self {
        if connection.get_database_backend() != DbBackend::Sqlite {
            return Self { connection: connection.clone(), file: None };
        }
        let pool = connection.get_sqlite_connection_pool();
        let file = File::of(pool);
        // Who has one connection is served by that one.
        let shared = file.as_ref().filter(|_| pool.options().get_max_connections() > 1);
        Self { connection: shared.map_or(connection, |file| &file.writer).clone(), file }
    }

    async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.file {
            Some(file) => Some(Arc::clone(&file.turns).lock_owned().await),
            None => None,
        }
    }

    /// Waits for the turn and opens a write transaction: IMMEDIATE on SQLite, so that a read followed by a write cannot fail as
    /// "locked".
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, DbErr> {
        let turn = self.turn().await;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let transaction = self.connection.begin_with_options(options).await?;
        Ok(WriteTransaction { transaction, turn })
    }
}

/// Single statements that write, each when it is its turn.
#[async_trait::async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let _turn = self.turn().await;
        self.connection.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let _turn = self.turn().await;
        self.connection.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let _turn = self.turn().await;
        self.connection.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let _turn = self.turn().await;
        self.connection.query_all_raw(statement).await
    }
}

/// A transaction that writes; without [`commit`](Self::commit) nothing of it remains.
///
/// In a process, one is open on a SQLite file at a time: opening another before this one has ended waits for ever.
#[derive(Debug)]
#[must_use = "nothing is written without a commit"]
pub struct WriteTransaction {
    // Dropped in this order: the next one's turn comes when this transaction is no more.
    transaction: DatabaseTransaction,
    turn: Option<OwnedMutexGuard<()>>,
}

impl WriteTransaction {
    /// Makes what was written last.
    ///
    /// # Errors
    /// When the database cannot; then nothing was written.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self { transaction, turn } = self;
        let committed = transaction.commit().await;
        drop(turn);
        committed
    }

    /// Undoes what was written, as dropping it does.
    ///
    /// # Errors
    /// When the database cannot be told; the end of the connection does it then.
    pub async fn rollback(self) -> Result<(), DbErr> {
        let Self { transaction, turn } = self;
        let undone = transaction.rollback().await;
        drop(turn);
        undone
    }
}

impl Deref for WriteTransaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for WriteTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::queue::{Message, Queue as _, QueueName, SqlQueue};
    use crate::store::Store;

    /// Two handles on one file whose SQLite does not wait: without turns the second writer would be told "database is locked".
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn writers_of_one_file_wait_for_each_other_without_asking_sqlite() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", directory.path().join("x.sqlite").display());
        let (one, other) = (Store::connect(&url, 1).await.unwrap(), Store::connect(&url, 1).await.unwrap());
        one.migrate().await.unwrap();
        for store in [&one, &other] {
            store.connection().execute_unprepared("PRAGMA busy_timeout = 0").await.unwrap();
        }
        let queue = SqlQueue::new(other.connection().clone(), "other");
        let transaction = one.begin_write().await.unwrap();
        let publishing = tokio::spawn(async move {
            queue.publish(&[Message::new(QueueName::Default, "x")]).await.unwrap();
            let claimed = queue.claim(&[QueueName::Default], 1, Duration::from_secs(60)).await.unwrap();
            claimed.len()
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!publishing.is_finished());
        transaction.rollback().await.unwrap();
        assert_eq!(publishing.await.unwrap(), 1);
        other.begin_write().await.unwrap().commit().await.unwrap();
    }

    #[tokio::test]
    async fn databases_in_memory_are_each_their_own() {
        let one = Store::connect("sqlite::memory:", 1).await.unwrap();
        let other = Store::connect("sqlite::memory:", 1).await.unwrap();
        let transaction = one.begin_write().await.unwrap();
        other.begin_write().await.unwrap().commit().await.unwrap();
        transaction.rollback().await.unwrap();
    }
}
