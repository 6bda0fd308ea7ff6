//! Values of the rows of a SQLite file, read out of SQLite's memory.
//!
//! A list has thousands of rows with twenty columns each: what a value costs on its way is most of what the list costs.
//!
//! It is a crate of its own because it is compiled for speed, as little else of the program is (`[profile.release]`).
//!
//! ```
//! use treeherder_sqlite_values::{moment, number, text};
//!
//! let connection = rusqlite::Connection::open_in_memory()?;
//! let mut statement = connection.prepare("SELECT 7, 'busted', '2026-11-26T12:34:56+00:00', NULL")?;
//! let mut rows = statement.query([])?;
//! let row = rows.next()?.ok_or("a row")?;
//! assert_eq!((number(row, 0)?, text(row, 1)?, text(row, 3)?), (Some(7), Some("busted"), None));
//! assert_eq!(moment(row, 2)?.map(|moment| moment.timestamp()), Some(1_795_696_496));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod moment;

use std::str;

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use thiserror::Error;

pub use moment::parse_moment;

/// Why there is no value.
#[derive(Debug, Error)]
pub enum ValueError {
    /// The row has no such column.
    #[error("column {place} of a row: {problem}")]
    Unreadable {
        /// Place of the column, from 0.
        place: usize,
        /// What SQLite's library says.
        problem: rusqlite::Error,
    },
    /// It is of another kind.
    #[error("no {wanted} in a row at {found:?}")]
    OfAnotherKind {
        /// What was wanted: a text, a number, a moment.
        wanted: &'static str,
        /// What is there, its beginning if it is long.
        found: String,
    },
}

impl ValueError {
    /// Longest text that is told.
    const TOLD: usize = 80;

    /// Makes the error of a value that is not of the kind that was wanted.
    #[must_use]
    pub fn no(wanted: &'static str, found: &str) -> Self {
        Self::OfAnotherKind { wanted, found: found.chars().take(Self::TOLD).collect() }
    }
}

/// The text at a place, `None` for NULL.
///
/// # Errors
/// When there is something else.
pub fn text<'r>(row: &'r Row<'_>, place: usize) -> Result<Option<&'r str>, ValueError> {
    match value(row, place)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => {
            str::from_utf8(text).map(Some).map_err(|_| ValueError::no("text", &String::from_utf8_lossy(text)))
        }
        other => Err(ValueError::no("text", &format!("{other:?}"))),
    }
}

/// The number at a place, `None` for NULL.
///
/// # Errors
/// When there is something else.
pub fn number(row: &Row<'_>, place: usize) -> Result<Option<i64>, ValueError> {
    match value(row, place)? {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(number)),
        other => Err(ValueError::no("number", &format!("{other:?}"))),
    }
}

/// The moment at a place, `None` for NULL.
///
/// # Errors
/// When there is something else.
pub fn moment(row: &Row<'_>, place: usize) -> Result<Option<DateTime<Utc>>, ValueError> {
    let Some(text) = text(row, place)? else { return Ok(None) };
    parse_moment(text).map(Some).ok_or_else(|| ValueError::no("moment", text))
}

#[inline]
fn value<'r>(row: &'r Row<'_>, place: usize) -> Result<ValueRef<'r>, ValueError> {
    row.get_ref(place).map_err(|problem| ValueError::Unreadable { place, problem })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn what_is_of_another_kind_is_told() {
        let connection = Connection::open_in_memory().unwrap();
        let long = "x".repeat(100);
        let sql = format!("SELECT 1, 'a', x'ff', CAST(x'61ff62' AS TEXT), '{long}'");
        let mut statement = connection.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let row = rows.next().unwrap().unwrap();
        let told = |error: ValueError| error.to_string();
        assert_eq!(told(text(row, 0).unwrap_err()), r#"no text in a row at "Integer(1)""#);
        assert_eq!(told(number(row, 1).unwrap_err()), r#"no number in a row at "Text([97])""#);
        assert_eq!(told(text(row, 2).unwrap_err()), r#"no text in a row at "Blob([255])""#);
        assert_eq!(told(text(row, 3).unwrap_err()), r#"no text in a row at "a�b""#);
        assert_eq!(told(moment(row, 4).unwrap_err()), format!("no moment in a row at {:?}", &long[..80]));
        assert!(told(number(row, 5).unwrap_err()).starts_with("column 5 of a row: "));
    }
}
