//! Whose turn it is to write: a SQLite file has one writer at a time.
//!
//! SQLite makes the others sleep, longer with every try, in no order, each on a connection. Within a process that is avoided: whoever
//! wants to write waits here for its turn, first come, first served, and without a connection. Other processes still meet at the
//! file's own lock. PostgreSQL has many writers and no turns.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

/// The files that this process has open, each with its turns.
static FILES: Mutex<Option<HashMap<PathBuf, Weak<Turns<()>>>>> = Mutex::new(None);

/// The order in which a process writes to a database.
#[derive(Clone, Debug)]
pub(crate) struct WriteTurns(Option<Arc<Turns<()>>>);

/// Nobody else of this process writes to the same SQLite file until this is dropped.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub(crate) struct WriteTurn(#[expect(dead_code, reason = "held, not looked at")] Option<OwnedMutexGuard<()>>);

impl WriteTurns {
    /// Returns the turns of the file that a connection is to; each database in memory has its own.
    pub(crate) fn of(connection: &DatabaseConnection) -> Self {
        if connection.get_database_backend() != DbBackend::Sqlite {
            return Self(None);
        }
        let path = connection.get_sqlite_connection_pool().connect_options().get_filename().to_owned();
        if path.to_string_lossy().contains(":memory:") {
            // It has one connection, which is waited for.
            return Self(None);
        }
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let files = files.get_or_insert_default();
        files.retain(|_, turns| turns.strong_count() > 0);
        let known = files.get(&path).and_then(Weak::upgrade);
        Self(Some(known.unwrap_or_else(|| {
            let turns = Arc::default();
            files.insert(path, Arc::downgrade(&turns));
            turns
        })))
    }

    /// Waits for the turn.
    pub(crate) async fn take(&self) -> WriteTurn {
        match &self.0 {
            Some(turns) => WriteTurn(Some(Arc::clone(turns).lock_owned().await)),
            None => WriteTurn(None),
        }
    }

    /// Waits for the turn and opens a write transaction: IMMEDIATE on SQLite, so that a read followed by a write cannot fail as
    /// "locked".
    pub(crate) async fn begin(&self, connection: &DatabaseConnection) -> Result<WriteTransaction, DbErr> {
        let turn = self.take().await;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let transaction = connection.begin_with_options(options).await?;
        Ok(WriteTransaction { transaction, turn })
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
    turn: WriteTurn,
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
