//! A SQLite file and the one connection over which a process writes to it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::TryStreamExt as _;
use sea_orm::sea_query::Values;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqliteQueryResult, SqliteRow,
};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Either, Executor as _};
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

/// How much of the file the writer remembers, as SQLite wants it: in KiB, below zero.
const REMEMBERED: &str = "-16000";

/// The files that this process writes to.
static FILES: Mutex<Option<HashMap<PathBuf, Weak<File>>>> = Mutex::new(None);

/// A file that this process writes to. Whoever holds the connection has its turn; it is opened when the first one needs it.
#[derive(Debug)]
pub(super) struct File {
    connection: Arc<Turns<Option<SqliteConnection>>>,
    options: SqliteConnectOptions,
}

/// Returns the file that a pool's connections are to; a database in memory has none.
pub(crate) fn file_of(pool: &SqlitePool) -> Option<PathBuf> {
    let options = pool.connect_options();
    let path = options.get_filename();
    (!path.to_string_lossy().contains(":memory:")).then(|| path.to_owned())
}

/// Tells whether a store is served by the one connection of its pool alone.
pub(crate) fn has_one_connection(pool: &SqlitePool) -> bool {
    pool.options().get_max_connections() == 1
}

impl File {
    /// Returns what this process knows of the file of a pool; nothing of a database in memory, which has one connection.
    pub(super) fn of(pool: &SqlitePool) -> Option<Arc<Self>> {
        let path = file_of(pool)?;
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let files = files.get_or_insert_default();
        files.retain(|_, file| file.strong_count() > 0);
        if let Some(known) = files.get(&path).and_then(Weak::upgrade) {
            return Some(known);
        }
        let options = (*pool.connect_options()).clone().pragma("cache_size", REMEMBERED);
        let file = Arc::new(Self { connection: Arc::default(), options });
        files.insert(path, Arc::downgrade(&file));
        Some(file)
    }

    /// Waits for the turn alone.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<Option<SqliteConnection>> {
        Arc::clone(&self.connection).lock_owned().await
    }

    /// Waits for the turn and hands out the connection.
    pub(super) async fn writer(&self) -> Result<FileWriter, DbErr> {
        let mut place = self.turn().await;
        let connection = match place.take() {
            Some(connection) => connection,
            None => Box::pin(self.options.connect()).await.map_err(|error| DbErr::Conn(runtime(error)))?,
        };
        Ok(FileWriter { connection, place })
    }
}

/// The connection in the hands of who has its turn.
///
/// Dropped without [`put_back`](Self::put_back) it is closed, which undoes what was begun; the next one opens another. Its thread may
/// still be at the end of a statement then: the next one waits for it at the file's lock.
#[derive(Debug)]
pub(super) struct FileWriter {
    connection: SqliteConnection,
    // Dropped last: the next one's turn comes when this connection is told to close.
    place: OwnedMutexGuard<Option<SqliteConnection>>,
}

/// What one of several statements did.
#[derive(Debug)]
pub(crate) struct Done {
    /// Rows that it changed; of no use for one that only reads.
    pub(crate) rows_affected: u64,
    /// Rows that it returned.
    pub(crate) rows: Vec<QueryResult>,
}

impl FileWriter {
    /// Ends the turn; nothing may be begun and not ended.
    pub(super) fn put_back(self) {
        let Self { connection, mut place } = self;
        *place = Some(connection);
    }

    /// Ends the turn of a single statement with its result. A connection with which something else is wrong than SQLite says is not
    /// used again.
    pub(super) fn end_turn<T>(self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        let is_usable = match &result {
            Ok(_) => true,
            Err(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) => {
                matches!(**error, sqlx::Error::Database(_))
            }
            Err(_) => false,
        };
        if is_usable {
            self.put_back();
        }
        result
    }

    /// Ends the transaction that was begun, and the turn. A connection that cannot is closed, since nobody knows its state.
    pub(super) async fn end(mut self, sql: &str) -> Result<(), DbErr> {
        self.execute_unprepared(sql).await?;
        self.put_back();
        Ok(())
    }

    pub(super) async fn execute_raw(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let Statement { sql, values, .. } = statement;
        let query = sqlx::query_with(AssertSqlSafe(sql), sqlx_values(values));
        let result: SqliteQueryResult =
            query.execute(&mut self.connection).await.map_err(|error| DbErr::Exec(runtime(error)))?;
        Ok(result.into())
    }

    pub(super) async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let result = self.connection.execute(AssertSqlSafe(sql.to_owned())).await;
        Ok(result.map_err(|error| DbErr::Exec(runtime(error)))?.into())
    }

    pub(super) async fn query_one_raw(&mut self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let Statement { sql, values, .. } = statement;
        let query = sqlx::query_with(AssertSqlSafe(sql), sqlx_values(values));
        let row: Option<SqliteRow> =
            query.fetch_optional(&mut self.connection).await.map_err(|error| DbErr::Query(runtime(error)))?;
        Ok(row.map(QueryResult::from))
    }

    pub(super) async fn query_all_raw(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Statement { sql, values, .. } = statement;
        let query = sqlx::query_with(AssertSqlSafe(sql), sqlx_values(values));
        let rows: Vec<SqliteRow> =
            query.fetch_all(&mut self.connection).await.map_err(|error| DbErr::Query(runtime(error)))?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// Hands several statements to SQLite's thread at once, whose parameters are all of the form `?`.
    pub(super) async fn run_together(&mut self, statements: Vec<Statement>) -> Result<Vec<Done>, DbErr> {
        let mut done = Vec::with_capacity(statements.len());
        let mut sql = String::new();
        let mut values = Vec::new();
        for statement in statements {
            sql.push_str(&statement.sql);
            sql.push(';');
            values.extend(statement.values.into_iter().flat_map(|values| values.0));
        }
        let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(Values(values)));
        let mut results = self.connection.fetch_many(query);
        let mut rows = Vec::new();
        while let Some(result) = results.try_next().await.map_err(|error| DbErr::Query(runtime(error)))? {
            match result {
                Either::Right(row) => rows.push(QueryResult::from(row)),
                Either::Left(end) => {
                    done.push(Done { rows_affected: end.rows_affected(), rows: std::mem::take(&mut rows) });
                }
            }
        }
        Ok(done)
    }
}

fn sqlx_values(values: Option<Values>) -> SqlxValues {
    SqlxValues(values.unwrap_or_else(|| Values(Vec::new())))
}

fn runtime(error: sqlx::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}
