//! What can go wrong in storage, sorted the way the queues' retry policy needs it (`spec/ingest.md` §2.4).

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A value that does not fit its column; both databases refuse it alike.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A row that should be there is not.
    #[error("no {what} {key}")]
    NotFound {
        /// What was looked for, `push`.
        what: &'static str,
        /// How it was looked for.
        key: String,
    },
    /// Input that can never be stored, such as a push without a revision.
    #[error("{0}")]
    Value(String),
    /// A uniqueness, foreign key or check rule of the database was broken.
    #[error("integrity: {0}")]
    Integrity(#[source] DbErr),
    /// The database refused a value.
    #[error("value refused by the database: {0}")]
    RefusedValue(#[source] DbErr),
    /// The database is locked, out of connections or its disk is full.
    #[error("database busy: {0}")]
    Busy(#[source] DbErr),
    /// Two transactions waited for each other, or could not be ordered; the loser may simply start again.
    #[error("transactions collided: {0}")]
    Collision(#[source] DbErr),
    /// The statement itself is wrong: a table or column that is not there, a type that does not match.
    #[error("statement refused: {0}")]
    Programming(#[source] DbErr),
    /// Anything else: connection lost, server going down, input and output errors.
    #[error("database: {0}")]
    Operational(#[source] DbErr),
}

/// A value that does not fit its column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table}.{column}: {problem}")]
pub struct DataError {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// What is wrong with it.
    pub problem: DataProblem,
}

/// Why a value does not fit its column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataProblem {
    /// More characters than the column takes.
    #[error("{length} characters, the limit is {limit} (begins {begin:?})")]
    TooLong {
        /// Characters the column takes.
        limit: usize,
        /// Characters given.
        length: usize,
        /// The first characters of the value.
        begin: String,
    },
    /// Text holds the character U+0000, which PostgreSQL cannot store.
    #[error("holds a NUL character")]
    Nul,
    /// A number outside of the column's range.
    #[error("{value} is not within {min} and {max}")]
    OutOfRange {
        /// The number.
        value: i64,
        /// Smallest number allowed.
        min: i64,
        /// Largest number allowed.
        max: i64,
    },
}

impl StoreError {
    /// Tells whether trying again can never help: integrity errors, wrong statements, impossible input.
    ///
    /// A row that was referred to and is gone may have been old or unused and removed meanwhile: then the next try makes it anew,
    /// or finds that there is nothing to do.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Integrity(_) => !self.is_missing_reference(),
            _ => matches!(self, Self::Programming(_) | Self::Value(_)),
        }
    }

    /// Tells whether the database was only locked or full: such work is tried again without counting.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Collision(_))
    }

    /// Tells whether a foreign key was broken: a row that was referred to is gone.
    #[must_use]
    pub fn is_missing_reference(&self) -> bool {
        let Self::Integrity(error) = self else { return false };
        let code = database_code(error);
        // PostgreSQL's foreign_key_violation, and SQLITE_CONSTRAINT_FOREIGNKEY.
        matches!(code.as_deref(), Some("23503" | "787"))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) => Self::Busy(error),
            DbErr::RecordNotFound(key) => Self::NotFound { what: "row", key: key.clone() },
            DbErr::Conn(inner) | DbErr::Exec(inner) | DbErr::Query(inner) => match sqlx_error(inner) {
                Some(SqlxError::Database(database)) => {
                    let code = database.code().unwrap_or_default().into_owned();
                    Self::from_code(&code, error)
                }
                Some(SqlxError::PoolTimedOut) => Self::Busy(error),
                Some(
                    SqlxError::ColumnDecode { .. }
                    | SqlxError::ColumnNotFound(_)
                    | SqlxError::ColumnIndexOutOfBounds { .. }
                    | SqlxError::Decode(_)
                    | SqlxError::Encode(_)
                    | SqlxError::TypeNotFound { .. },
                ) => Self::Programming(error),
                _ => Self::Operational(error),
            },
            _ => Self::Programming(error),
        }
    }
}

impl StoreError {
    /// Sorts by `SQLSTATE` (five characters) or SQLite's extended result code (digits; its low byte is the family).
    fn from_code(code: &str, error: DbErr) -> Self {
        if code.len() == 5 {
            return match (&code[..2], code) {
                ("22", _) => Self::RefusedValue(error),
                ("23", _) => Self::Integrity(error),
                ("40", _) => Self::Collision(error),
                ("53", _) | (_, "55P03" | "57014") => Self::Busy(error),
                ("42" | "0A" | "26", _) => Self::Programming(error),
                _ => Self::Operational(error),
            };
        }
        match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(5 | 6 | 13) => Self::Busy(error),
            Ok(19) => Self::Integrity(error),
            Ok(18 | 20) => Self::RefusedValue(error),
            Ok(1 | 21 | 25) => Self::Programming(error),
            _ => Self::Operational(error),
        }
    }
}

fn sqlx_error(error: &RuntimeErr) -> Option<&SqlxError> {
    match error {
        RuntimeErr::SqlxError(error) => Some(error),
        RuntimeErr::Internal(_) => None,
    }
}

fn database_code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(inner) | DbErr::Exec(inner) | DbErr::Query(inner)) = error else { return None };
    match sqlx_error(inner)? {
        SqlxError::Database(database) => database.code().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// How much of a value that is too long an error quotes.
const QUOTED_CHARACTERS: usize = 40;

/// Checks that `value` fits a text column of `limit` characters (SQLite would take any length).
///
/// # Errors
/// When it is too long or holds a NUL character.
pub fn check_text(
    table: &'static str,
    column: &'static str,
    limit: usize,
    value: &str,
) -> Result<(), DataError> {
    // Bytes bound characters from above, so that the usual case counts nothing.
    if value.len() > limit {
        let length = value.chars().count();
        if length > limit {
            let begin = value.chars().take(QUOTED_CHARACTERS).collect();
            return Err(DataError { table, column, problem: DataProblem::TooLong { limit, length, begin } });
        }
    }
    if value.as_bytes().contains(&0) {
        return Err(DataError { table, column, problem: DataProblem::Nul });
    }
    Ok(())
}

/// Checks that `value` fits a 32-bit column that takes no negative numbers, and returns it.
///
/// # Errors
/// When it is negative or too large.
pub fn check_positive(table: &'static str, column: &'static str, value: i64) -> Result<i32, DataError> {
    let out_of_range = DataProblem::OutOfRange { value, min: 0, max: i64::from(i32::MAX) };
    match i32::try_from(value) {
        Ok(number) if number >= 0 => Ok(number),
        _ => Err(DataError { table, column, problem: out_of_range }),
    }
}

/// Returns the first `limit` characters of `value`.
#[must_use]
pub fn truncated(value: &str, limit: usize) -> &str {
    if value.len() <= limit {
        return value;
    }
    match value.char_indices().nth(limit) {
        Some((end, _)) => &value[..end],
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_measured_in_characters() {
        assert_eq!(check_text("machine", "name", 3, "äöü"), Ok(()));
        let error = check_text("machine", "name", 3, "äöüß").unwrap_err();
        assert_eq!(error.to_string(), r#"machine.name: 4 characters, the limit is 3 (begins "äöüß")"#);
        assert_eq!(check_text("machine", "name", 3, "a\0b").unwrap_err().problem, DataProblem::Nul);
    }

    #[test]
    fn truncation_keeps_whole_characters() {
        assert_eq!(truncated("äöüß", 3), "äöü");
        assert_eq!(truncated("abc", 3), "abc");
        assert_eq!(truncated("abcd", 3), "abc");
        assert_eq!(truncated("", 0), "");
    }

    #[test]
    fn numbers_outside_of_the_column_are_refused() {
        assert_eq!(check_positive("job", "tier", 3), Ok(3));
        assert!(check_positive("job", "tier", -1).is_err());
        assert!(check_positive("job", "tier", 1 << 31).is_err());
    }

    #[test]
    fn only_errors_that_cannot_heal_are_permanent() {
        let error = || DbErr::Custom("x".to_owned());
        for (code, permanent, busy) in [
            ("5", false, true),
            ("517", false, true),
            ("262", false, true),
            ("13", false, true),
            ("10", false, false),
            ("1", true, false),
            ("787", true, false),
            ("2067", true, false),
            ("22001", false, false),
            ("23505", true, false),
            ("40P01", false, true),
            ("40001", false, true),
            ("42P01", true, false),
            ("53100", false, true),
            ("57P01", false, false),
        ] {
            let sorted = StoreError::from_code(code, error());
            assert_eq!((sorted.is_permanent(), sorted.is_busy()), (permanent, busy), "{code}: {sorted:?}");
        }
    }
}
