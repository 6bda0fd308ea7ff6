//! Statements with many rows, in the form that both databases take.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sea_orm::{DbBackend, DbErr, QueryResult, Statement, Value};

/// A statement in the making, with `$1`-style parameters.
pub(super) struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(super) fn new(backend: DbBackend, text: &str) -> Self {
        Self { backend, text: text.to_owned(), values: Vec::new() }
    }

    /// Appends text.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends a parameter.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        // Writing to a `String` cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// Appends rows of parameters, `($1,$2),($3,$4)`.
    pub(super) fn rows<const N: usize>(mut self, rows: impl Iterator<Item = [Value; N]>) -> Self {
        for (position, row) in rows.enumerate() {
            self = self.text(if position == 0 { "(" } else { ",(" });
            for (column, value) in row.into_iter().enumerate() {
                if column > 0 {
                    self.text.push(',');
                }
                self = self.bind(value);
            }
            self.text.push(')');
        }
        self
    }

    pub(super) fn finish(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }
}

/// Makes a stored time of a moment.
pub(super) fn stored(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// Reads a stored time.
pub(super) fn moment(row: &QueryResult, column: &str) -> Result<DateTime<Utc>, DbErr> {
    Ok(DateTime::from_timestamp_millis(row.try_get("", column)?).unwrap_or_default())
}

/// Reads a stored time that may be missing.
pub(super) fn maybe_moment(row: &QueryResult, column: &str) -> Result<Option<DateTime<Utc>>, DbErr> {
    Ok(row.try_get::<Option<i64>>("", column)?.and_then(DateTime::from_timestamp_millis))
}

/// Reads a count.
pub(super) fn count(row: &QueryResult, column: &str) -> Result<u64, DbErr> {
    Ok(u64::try_from(row.try_get::<i64>("", column)?).unwrap_or_default())
}
