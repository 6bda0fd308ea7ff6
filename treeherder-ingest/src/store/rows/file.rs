//! Rows of a SQLite file.
//!
//! SeaORM's connections each have a thread of their own, to which statements go and from which every value of every row comes, at a price
//! each. Here a statement runs on one of the runtime's threads for blocking work, and its values are read where SQLite has
//! them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::SecondsFormat;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};
use sea_orm::sqlx::sqlite::SqlitePool;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, Value};
use tokio::sync::Semaphore;

use super::Row;
use crate::store::BUSY;
use crate::writer::{file_of, has_one_connection};

/// Statements that a connection keeps prepared.
const PREPARED: usize = 100;

/// Reads a SQLite file over connections of its own; cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::store) struct FileReader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// Connections that nobody reads with.
    idle: Mutex<Vec<Connection>>,
    /// A place for each that reads at the same time.
    places: Arc<Semaphore>,
}

impl FileReader {
    /// Makes the reader of the file of a pool; nothing for a database in memory or a store that shall have one connection.
    pub(in crate::store) fn of(pool: &SqlitePool) -> Option<Self> {
        let path = file_of(pool).filter(|_| !has_one_connection(pool))?;
        let places = Arc::new(Semaphore::new(pool.options().get_max_connections() as usize));
        Some(Self(Arc::new(Shared { path, idle: Mutex::default(), places })))
    }

    /// Reads the rows of a statement.
    ///
    /// # Errors
    /// When SQLite fails or `read` does.
    pub(super) async fn rows<T: Send + 'static>(
        &self,
        sql: Cow<'static, str>,
        values: Vec<Value>,
        read: impl FnMut(&Row<'_>) -> Result<T, DbErr> + Send + 'static,
    ) -> Result<Vec<T>, DbErr> {
        let failed = |problem: String| DbErr::Conn(RuntimeErr::Internal(problem));
        let place = Arc::clone(&self.0.places).acquire_owned().await;
        let place = place.map_err(|error| failed(error.to_string()))?;
        let shared = Arc::clone(&self.0);
        let reading = tokio::task::spawn_blocking(move || {
            let _place = place;
            let connection = shared.take()?;
            let rows = rows(&connection, &sql, &values, read);
            shared.put_back(connection);
            rows
        });
        reading.await.map_err(|error| failed(format!("reading ended early: {error}")))?
    }
}

impl Shared {
    fn take(&self) -> Result<Connection, DbErr> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open(&self.path).map_err(|error| failure(&error)), Ok)
    }

    fn put_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // A connection is used by one thread at a time. It may write to the files beside the database, so it is not opened for
    // reading alone, but it changes nothing in it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "query_only", true)?;
    // Where SQLite is not compiled as `.cargo/config.toml` says.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    values: &[Value],
    mut read: impl FnMut(&Row<'_>) -> Result<T, DbErr>,
) -> Result<Vec<T>, DbErr> {
    let failed = |error| failure(&error);
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    bind(&mut statement, values)?;
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(read(&Row::File(row))?);
    }
    Ok(rows)
}

/// Binds values to the parameters of a statement: `$3` is the third value, `?` the next one.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), DbErr> {
    for place in 1..=statement.parameter_count() {
        let numbered = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse().ok());
        let number: usize = numbered.unwrap_or(place);
        let value = number.checked_sub(1).and_then(|number| values.get(number));
        let value = value.ok_or_else(|| DbErr::Type(format!("no value for parameter {number}")))?;
        let bound = match value {
            Value::Bool(Some(value)) => statement.raw_bind_parameter(place, value),
            Value::SmallInt(Some(value)) => statement.raw_bind_parameter(place, value),
            Value::Int(Some(value)) => statement.raw_bind_parameter(place, value),
            Value::BigInt(Some(value)) => statement.raw_bind_parameter(place, value),
            Value::Unsigned(Some(value)) => statement.raw_bind_parameter(place, value),
            Value::BigUnsigned(Some(value)) => match i64::try_from(*value) {
                Ok(value) => statement.raw_bind_parameter(place, value),
                Err(_) => return Err(DbErr::Type(format!("parameter {number} is too large: {value}"))),
            },
            Value::String(Some(value)) => statement.raw_bind_parameter(place, value.as_str()),
            // As SQLx writes moments, so that they compare.
            Value::ChronoDateTimeUtc(Some(value)) => {
                statement.raw_bind_parameter(place, value.to_rfc3339_opts(SecondsFormat::AutoSi, false))
            }
            other => {
                return Err(DbErr::Type(format!(
                    "parameter {number} of a kind that is not bound: {other:?}"
                )));
            }
        };
        bound.map_err(|error| failure(&error))?;
    }
    Ok(())
}

/// What a failure is to the rest of the store: one that passes is as if no connection could be had.
fn failure(error: &rusqlite::Error) -> DbErr {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
        }
        _ => DbErr::Query(RuntimeErr::Internal(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("compiled.sqlite");
        let table = "CREATE TABLE kept (id integer); INSERT INTO kept VALUES (1), (2), (3)";
        Connection::open(&path).unwrap().execute_batch(table).unwrap();
        let connection = open(&path).unwrap();
        let sql = "SELECT id FROM kept ORDER BY id LIMIT ? OFFSET ?";
        for (limit, offset, expected) in [(2_i32, 0_i32, vec![1_i64, 2]), (1, 1, vec![2]), (9, 2, vec![3])] {
            let ids: Vec<i64> =
                rows(&connection, sql, &[limit.into(), offset.into()], |row| row.number(0)).unwrap();
            assert_eq!(ids, expected);
        }
        let statement = connection.prepare_cached(sql).unwrap();
        assert_eq!(statement.get_status(StatementStatus::Run), 3);
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
