//! Rows of lists, read as each database gives them at the least cost.
//!
//! A list has thousands of rows with twenty columns each, and what a value costs on its way here is most of what the list costs. A SQLite file
//! is read on our own threads, value by value out of SQLite's memory ([`file`]); PostgreSQL's values are taken as it sends them
//! ([`wire`]). A database in memory has one connection, which belongs to the pool: its rows come from there.

mod file;
mod texts;
mod wire;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder};
use sea_orm::sqlx::Row as _;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement, Value};
use treeherder_sqlite_values::{ValueError, parse_moment};

use crate::store::Store;
use crate::store::error::StoreError;

pub(in crate::store) use file::FileReader;
pub(in crate::store) use texts::Texts;

/// A column: its table, its name.
pub(in crate::store) type Column = (&'static str, &'static str);

/// Columns that are read together, as they are in SQL.
#[derive(Clone, Debug)]
pub(in crate::store) struct Columns(String);

impl Columns {
    /// Reads these columns, in this order.
    pub(in crate::store) fn of(columns: impl IntoIterator<Item = Column>) -> Self {
        let quoted = |(table, column)| format!("\"{table}\".\"{column}\"");
        let columns: Vec<_> = columns.into_iter().map(quoted).collect();
        Self(columns.join(", "))
    }

    /// Reads, after those, an expression of SQL.
    pub(in crate::store) fn and(mut self, expression: &str) -> Self {
        self.0.push_str(", ");
        self.0.push_str(expression);
        self
    }

    /// What a statement has to select.
    pub(in crate::store) fn selected(&self) -> &str {
        &self.0
    }
}

/// A row, by the places of its columns.
#[derive(Debug)]
pub(in crate::store) enum Row<'r> {
    File(&'r rusqlite::Row<'r>),
    Pool(&'r SqliteRow),
    Wire(&'r PgRow),
}

impl<'r> Row<'r> {
    /// The text at a place, `None` for NULL.
    #[inline]
    pub(in crate::store) fn text(&self, place: usize) -> Result<Option<&'r str>, DbErr> {
        match self {
            Self::File(row) => treeherder_sqlite_values::text(row, place).map_err(|error| unlike(&error)),
            Self::Pool(row) => row.try_get(place).map_err(|error| unreadable(place, &error)),
            Self::Wire(row) => wire::text(row, place),
        }
    }

    /// The text at a place that cannot be NULL.
    pub(in crate::store) fn owned(&self, place: usize) -> Result<String, DbErr> {
        self.text(place)?.map(str::to_owned).ok_or_else(|| missing(place))
    }

    /// The text at a place that cannot be NULL, from a column in which few texts occur.
    pub(in crate::store) fn shared(&self, place: usize, texts: &mut Texts) -> Result<Arc<str>, DbErr> {
        self.text(place)?.map(|text| texts.shared(text)).ok_or_else(|| missing(place))
    }

    /// The number at a place, `None` for NULL.
    #[inline]
    pub(in crate::store) fn optional<N: TryFrom<i64>>(&self, place: usize) -> Result<Option<N>, DbErr> {
        let number = match self {
            Self::File(row) => {
                treeherder_sqlite_values::number(row, place).map_err(|error| unlike(&error))?
            }
            Self::Pool(row) => row.try_get(place).map_err(|error| unreadable(place, &error))?,
            Self::Wire(row) => wire::number(row, place)?,
        };
        let Some(number) = number else { return Ok(None) };
        N::try_from(number).map(Some).map_err(|_| malformed("number of this size", &number.to_string()))
    }

    /// The number at a place that cannot be NULL.
    #[inline]
    pub(in crate::store) fn number<N: TryFrom<i64>>(&self, place: usize) -> Result<N, DbErr> {
        self.optional(place)?.ok_or_else(|| missing(place))
    }

    /// The moment at a place that cannot be NULL.
    #[inline]
    pub(in crate::store) fn moment(&self, place: usize) -> Result<DateTime<Utc>, DbErr> {
        let moment = match self {
            Self::File(row) => {
                treeherder_sqlite_values::moment(row, place).map_err(|error| unlike(&error))?
            }
            Self::Pool(_) => {
                let text = self.text(place)?.ok_or_else(|| missing(place))?;
                Some(parse_moment(text).ok_or_else(|| malformed("moment", text))?)
            }
            Self::Wire(row) => wire::moment(row, place)?,
        };
        moment.ok_or_else(|| missing(place))
    }
}

fn missing(place: usize) -> DbErr {
    DbErr::Type(format!("column {place} of a row is NULL"))
}

fn unreadable(place: usize, problem: &impl std::fmt::Display) -> DbErr {
    DbErr::Type(format!("column {place} of a row: {problem}"))
}

fn malformed(wanted: &'static str, found: &str) -> DbErr {
    unlike(&ValueError::no(wanted, found))
}

fn unlike(problem: &ValueError) -> DbErr {
    DbErr::Type(problem.to_string())
}

impl Store {
    /// Reads the rows of a statement that selects nothing yet; the columns are added to it.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn list<T: Send + 'static>(
        &self,
        mut select: SelectStatement,
        columns: &Columns,
        read: impl FnMut(&Row<'_>) -> Result<T, DbErr> + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        select.expr(Expr::cust(columns.selected().to_owned()));
        let (sql, values) = match self.backend() {
            DbBackend::Postgres => select.build(PostgresQueryBuilder),
            _ => select.build(SqliteQueryBuilder),
        };
        self.list_of(sql, values.0, read).await
    }

    /// As [`list`](Self::list), of a statement in SQL that [selects](Columns::selected) the columns.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn list_of<T: Send + 'static>(
        &self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, DbErr> + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        if let Some(reader) = &self.file_reader {
            return Ok(reader.rows(sql.into(), values, read).await?);
        }
        let statement = Statement::from_sql_and_values(self.backend(), sql.into(), values);
        let found = self.connection().query_all_raw(statement).await?;
        let mut rows = Vec::with_capacity(found.len());
        for row in &found {
            let row = match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
                (Some(row), _) => Row::Wire(row),
                (None, Some(row)) => Row::Pool(row),
                (None, None) => return Err(DbErr::Type("a row of another database".to_owned()).into()),
            };
            rows.push(read(&row)?);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (i64, Option<String>, Option<i32>, DateTime<Utc>);

    fn read(row: &Row<'_>) -> Result<Read, DbErr> {
        Ok((row.number(0)?, row.text(1)?.map(str::to_owned), row.optional(2)?, row.moment(3)?))
    }

    /// A store in a file, which has a reader, and one in memory, which has none.
    async fn stores(folder: &tempfile::TempDir) -> [Store; 2] {
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("rows.sqlite").display());
        let stores =
            [Store::connect(&url, 4).await.unwrap(), Store::connect("sqlite::memory:", 1).await.unwrap()];
        assert_eq!(stores.each_ref().map(|store| store.file_reader.is_some()), [true, false]);
        for store in &stores {
            let sql = "CREATE TABLE kept (id integer, name text, run integer, at text)";
            store.writer().execute_unprepared(sql).await.unwrap();
        }
        stores
    }

    #[tokio::test]
    async fn a_file_and_a_database_in_memory_give_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let (first, second) = (moment("2026-11-26T12:34:56.25Z"), moment("2026-11-26T12:34:57Z"));
        for store in stores(&folder).await {
            for (id, name, run, at) in [
                (1_i64, Some("a;,\"é"), None, first),
                (1 << 40, Some(""), Some(-3), second),
                (3, None, Some(9), second),
            ] {
                let sql = "INSERT INTO kept VALUES ($1, $2, $3, $4)";
                let values = [Value::from(id), name.into(), Value::Int(run), at.into()];
                let insert = Statement::from_sql_and_values(store.backend(), sql, values);
                store.writer().execute_raw(insert).await.unwrap();
            }
            // Numbered parameters come in any order, and as often as one likes.
            let sql = "SELECT * FROM kept WHERE at > $2 AND id >= $1 AND id >= $1 ORDER BY id DESC";
            let rows = store.list_of(sql.to_owned(), vec![2_i32.into(), first.into()], read).await.unwrap();
            let expected = [(1 << 40, Some(String::new()), Some(-3), second), (3, None, Some(9), second)];
            assert_eq!(rows, expected);
            // As SQLx writes a moment, so that the same one is found.
            let sql = "SELECT * FROM kept WHERE at = ? AND name = ?";
            let rows =
                store.list_of(sql.to_owned(), vec![first.into(), "a;,\"é".into()], read).await.unwrap();
            assert_eq!(rows, [(1, Some("a;,\"é".to_owned()), None, first)]);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for store in stores(&folder).await {
            for (sql, problem) in [
                ("SELECT NULL, 'a', 1, '2026-11-26T12:34:56Z'", "column 0 of a row is NULL"),
                ("SELECT 1, 'a', 1, 'yesterday'", "no moment in a row at \"yesterday\""),
                (
                    "SELECT 1, 'a', 1 << 40, '2026-11-26T12:34:56Z'",
                    "no number of this size in a row at \"1099511627776\"",
                ),
                ("SELECT 'x' FROM nowhere", "no such table: nowhere"),
            ] {
                let error = store.list_of(sql.to_owned(), Vec::new(), read).await.unwrap_err().to_string();
                assert!(error.contains(problem), "{sql}: {error}");
            }
            // The connection can still be used.
            let rows = store
                .list_of("SELECT 1, 'a', 1, '2026-11-26T12:34:56+00:00'".to_owned(), Vec::new(), read)
                .await;
            assert_eq!(rows.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_reader_of_a_file_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [store, _] = stores(&folder).await;
        let sql = "INSERT INTO kept VALUES (1, 'a', 1, '2026-11-26T12:34:56+00:00') RETURNING *";
        let error = store.list_of(sql.to_owned(), Vec::new(), read).await.unwrap_err().to_string();
        assert!(error.contains("readonly"), "{error}");
        let rows = store.list_of("SELECT * FROM kept".to_owned(), Vec::new(), read).await.unwrap();
        assert_eq!(rows, []);
    }
}
