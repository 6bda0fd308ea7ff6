//! Who writes to a SQLite file: one at a time, over one connection.
//!
//! SQLite makes other writers sleep, longer with every try, in no order, each on a connection. Within a process that is avoided: whoever
//! wants to write waits here for its turn, first come, first served. All writers use the same connection, because each connection forgets the pages
//! that it has read when another one has written. It belongs to no pool: a pool asks a connection whether it is alive whenever it lends it, and
//! again when it gets it back, and every question is a walk to SQLite's thread. Other processes still meet at the file's own lock. PostgreSQL has
//! many writers and no turns.

mod file;

use std::ops::Deref;
use std::sync::Arc;

use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

use file::{File, FileWriter};

pub(crate) use file::{Done, file_of, has_one_connection};

/// The way to write to a database.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    connection: DatabaseConnection,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    /// Over a connection of the pool, of which PostgreSQL takes any number.
    Pool,
    /// Over the pool's only connection, when it is one's turn.
    InTurn(Arc<File>),
    /// Over the file's connection for writers.
    File(Arc<File>),
}

impl Writer {
    /// Returns the writer to the database that a connection is to.
    pub(crate) fn of(connection: &DatabaseConnection) -> Self {
        let way = if connection.get_database_backend() == DbBackend::Sqlite {
            let pool = connection.get_sqlite_connection_pool();
            match File::of(pool) {
                None => Way::Pool,
                // Who has one connection is served by that one.
                Some(file) if has_one_connection(pool) => Way::InTurn(file),
                Some(file) => Way::File(file),
            }
        } else {
            Way::Pool
        };
        Self { connection: connection.clone(), way }
    }

    /// Waits for the turn and opens a write transaction: IMMEDIATE on SQLite, so that a read followed by a write cannot fail as
    /// "locked".
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, DbErr> {
        let Way::File(file) = &self.way else {
            return Ok(WriteTransaction(Connection::Pool(self.begin_over_pool().await?)));
        };
        let mut writer = file.writer().await?;
        if let Err(error) = writer.execute_unprepared("BEGIN IMMEDIATE").await {
            return writer.end_turn(Err(error));
        }
        Ok(WriteTransaction(Connection::File(Mutex::new(Open(Some(writer))))))
    }

    /// As [`begin`](Self::begin), over a connection of the pool; for what knows only such transactions.
    pub(crate) async fn begin_over_pool(&self) -> Result<PoolTransaction, DbErr> {
        let turn = match &self.way {
            Way::File(file) | Way::InTurn(file) => Some(file.turn().await),
            Way::Pool => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(PoolTransaction { transaction: self.connection.begin_with_options(options).await?, turn })
    }

    fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn turn(&self) -> Result<Turn, DbErr> {
        match &self.way {
            Way::File(file) => Ok(Turn::Writer(file.writer().await?)),
            Way::InTurn(file) => Ok(Turn::Pool(Some(file.turn().await))),
            Way::Pool => Ok(Turn::Pool(None)),
        }
    }
}

/// The turn of a single statement.
enum Turn {
    Writer(FileWriter),
    Pool(Option<OwnedMutexGuard<Option<SqliteConnection>>>),
}

/// Does something when it is the turn: over the file's connection, or else over the pool's.
macro_rules! in_turn {
    ($self:ident, $method:ident($argument:ident)) => {
        match $self.turn().await? {
            Turn::Writer(mut writer) => {
                let result = writer.$method($argument).await;
                writer.end_turn(result)
            }
            Turn::Pool(_turn) => $self.connection.$method($argument).await,
        }
    };
}

/// Does something within a transaction.
macro_rules! within {
    ($self:ident, $method:ident($argument:ident)) => {
        match &$self.0 {
            Connection::File(open) => open.lock().await.writer()?.$method($argument).await,
            Connection::Pool(transaction) => transaction.$method($argument).await,
        }
    };
}

/// Lets SeaORM write with a type; the ways to the database differ.
macro_rules! connection_trait {
    ($type:ty, $run:ident) => {
        #[async_trait::async_trait]
        impl ConnectionTrait for $type {
            fn get_database_backend(&self) -> DbBackend {
                self.backend()
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                $run!(self, execute_raw(statement))
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                $run!(self, execute_unprepared(sql))
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                $run!(self, query_one_raw(statement))
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                $run!(self, query_all_raw(statement))
            }
        }
    };
}

// Single statements that write, each when it is its turn.
connection_trait!(Writer, in_turn);
connection_trait!(WriteTransaction, within);

/// A transaction over a connection of the pool, while it is one's turn.
#[derive(Debug)]
pub(crate) struct PoolTransaction {
    // Dropped in this order: the next one's turn comes when this transaction is no more.
    transaction: DatabaseTransaction,
    turn: Option<OwnedMutexGuard<Option<SqliteConnection>>>,
}

impl PoolTransaction {
    /// Makes what was written last.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let Self { transaction, turn } = self;
        let committed = transaction.commit().await;
        drop(turn);
        committed
    }

    async fn rollback(self) -> Result<(), DbErr> {
        let Self { transaction, turn } = self;
        let undone = transaction.rollback().await;
        drop(turn);
        undone
    }
}

impl Deref for PoolTransaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

/// A transaction that writes; without [`commit`](Self::commit) nothing of it remains.
///
/// In a process, one is open on a SQLite file at a time: opening another before this one has ended waits for ever.
#[derive(Debug)]
#[must_use = "nothing is written without a commit"]
pub struct WriteTransaction(Connection);

#[derive(Debug)]
enum Connection {
    File(Mutex<Open>),
    Pool(PoolTransaction),
}

/// A transaction over a file's connection; dropped, it is undone before the next one's turn.
#[derive(Debug)]
struct Open(Option<FileWriter>);

impl Open {
    fn writer(&mut self) -> Result<&mut FileWriter, DbErr> {
        self.0.as_mut().ok_or_else(|| DbErr::Custom("the transaction has ended".to_owned()))
    }

    async fn end(mut self, sql: &str) -> Result<(), DbErr> {
        match self.0.take() {
            Some(writer) => writer.end(sql).await,
            None => Ok(()),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(writer) = self.0.take() else { return };
        // Without a runtime, or when it ends before this was done, the connection is closed, which undoes the transaction as well.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = writer.end("ROLLBACK").await {
                    tracing::warn!(%error, "cannot undo a transaction, its connection is closed");
                }
            });
        }
    }
}

impl WriteTransaction {
    fn backend(&self) -> DbBackend {
        match &self.0 {
            Connection::File(_) => DbBackend::Sqlite,
            Connection::Pool(transaction) => transaction.get_database_backend(),
        }
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// When the database cannot; then nothing was written.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self.0 {
            Connection::File(open) => open.into_inner().end("COMMIT").await,
            Connection::Pool(transaction) => transaction.commit().await,
        }
    }

    /// Undoes what was written, as dropping it does.
    ///
    /// # Errors
    /// When the database cannot be told; the end of the connection does it then.
    pub async fn rollback(self) -> Result<(), DbErr> {
        match self.0 {
            Connection::File(open) => open.into_inner().end("ROLLBACK").await,
            Connection::Pool(transaction) => transaction.rollback().await,
        }
    }

    /// Runs statements of which none needs the result of another, in their order. SQLite's thread gets them all at once. There is an
    /// answer to each.
    ///
    /// Their parameters have no numbers on SQLite, as the query builder writes them.
    ///
    /// # Errors
    /// The first error of the database; the transaction is of no more use then.
    pub(crate) async fn run_together(&self, statements: Vec<Statement>) -> Result<Vec<Done>, DbErr> {
        let asked = statements.len();
        let mut done = Vec::with_capacity(asked);
        match &self.0 {
            _ if asked == 0 => {}
            Connection::File(open) => {
                done = Box::pin(open.lock().await.writer()?.run_together(statements)).await?;
            }
            Connection::Pool(transaction) => {
                for statement in statements {
                    done.push(run(transaction, statement).await?);
                }
            }
        }
        if done.len() != asked {
            return Err(DbErr::Custom(format!("{} answers to {asked} statements", done.len())));
        }
        Ok(done)
    }
}

/// Runs a statement for its rows if it returns some, else for the number of those it changes.
async fn run(transaction: &DatabaseTransaction, statement: Statement) -> Result<Done, DbErr> {
    let returns_rows = statement.sql.starts_with("SELECT") || statement.sql.contains(" RETURNING ");
    if returns_rows {
        let rows = transaction.query_all_raw(statement).await?;
        return Ok(Done { rows_affected: rows.len() as u64, rows });
    }
    let result = transaction.execute_raw(statement).await?;
    Ok(Done { rows_affected: result.rows_affected(), rows: Vec::new() })
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

    async fn store(directory: &tempfile::TempDir) -> Store {
        let url = format!("sqlite://{}?mode=rwc", directory.path().join("x.sqlite").display());
        let store = Store::connect(&url, 4).await.unwrap();
        store.connection().execute_unprepared("CREATE TABLE t (n INTEGER PRIMARY KEY)").await.unwrap();
        store
    }

    fn statement(sql: &str, values: &[i64]) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, values.iter().map(|value| (*value).into()))
    }

    async fn numbers(connection: &impl ConnectionTrait) -> Vec<i64> {
        let rows = connection.query_all_raw(statement("SELECT n FROM t ORDER BY n", &[])).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    #[tokio::test]
    async fn statements_run_together_each_tell_what_they_did() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory).await;
        let transaction = store.begin_write().await.unwrap();
        let statements = vec![
            statement("INSERT INTO t VALUES (?), (?), (?)", &[1, 2, 3]),
            statement("SELECT n FROM t WHERE n > ? ORDER BY n", &[1]),
            statement("DELETE FROM t WHERE n = ?", &[7]),
            statement("INSERT INTO t VALUES (?) RETURNING n + ?", &[4, 10]),
        ];
        let done = transaction.run_together(statements).await.unwrap();
        let rows = |done: &Done| -> Vec<i64> {
            done.rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
        };
        assert_eq!(done.iter().map(rows).collect::<Vec<_>>(), [vec![], vec![2, 3], vec![], vec![14]]);
        assert_eq!((done[0].rows_affected, done[2].rows_affected, done[3].rows_affected), (3, 0, 1));

        let twice = vec![statement("DELETE FROM t", &[]), statement("INSERT INTO t VALUES (?), (1)", &[1])];
        let error = transaction.run_together(twice).await.unwrap_err();
        assert!(error.to_string().contains("UNIQUE constraint failed: t.n"), "{error}");
        transaction.rollback().await.unwrap();
        assert_eq!(numbers(store.connection()).await, [0; 0]);
    }

    /// A handler that is stopped drops its transaction somewhere in the middle.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_dropped_transaction_leaves_nothing_to_the_next_one() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory).await;
        let insert = |number| statement("INSERT INTO t VALUES (?)", &[number]);
        for number in 0..20 {
            let dropped = store.begin_write().await.unwrap();
            dropped.execute_raw(insert(number)).await.unwrap();
            let unfinished = dropped.execute_raw(insert(number + 100));
            let _ = tokio::time::timeout(Duration::ZERO, unfinished).await;
            drop(dropped);
            let next = store.begin_write().await.unwrap();
            assert_eq!(numbers(&next).await, (1000..1000 + number).collect::<Vec<_>>());
            next.execute_raw(insert(1000 + number)).await.unwrap();
            next.commit().await.unwrap();
            let single = store.writer().execute_raw(insert(2000));
            let _ = tokio::time::timeout(Duration::ZERO, single).await;
            store.writer().execute_raw(statement("DELETE FROM t WHERE n = ?", &[2000])).await.unwrap();
        }
        // Not even when there is nobody left who could undo it.
        let dropped = store.begin_write().await.unwrap();
        dropped.execute_raw(insert(1)).await.unwrap();
        std::thread::spawn(move || drop(dropped)).join().unwrap();
        store.writer().execute_raw(insert(2)).await.unwrap();
        assert_eq!(numbers(store.connection()).await.first(), Some(&2));
    }

    /// A process that ends drops its transactions on a runtime that takes no more tasks.
    #[test]
    fn a_transaction_dropped_with_its_runtime_is_undone() {
        let directory = tempfile::tempdir().unwrap();
        let runtime =
            || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let ending = runtime();
        let store = ending.block_on(store(&directory));
        let in_flight = store.clone();
        let (begun, wait) = std::sync::mpsc::channel();
        ending.spawn(async move {
            let transaction = in_flight.begin_write().await.unwrap();
            transaction.execute_raw(statement("INSERT INTO t VALUES (?)", &[1])).await.unwrap();
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
            drop(transaction);
        });
        wait.recv().unwrap();
        drop(ending);
        runtime().block_on(async {
            store.writer().execute_raw(statement("INSERT INTO t VALUES (?)", &[2])).await.unwrap();
            assert_eq!(numbers(store.writer()).await, [2]);
        });
    }
}
