//! Rows that come from the database as one text.
//!
//! Between SQLite's thread and ours each value of each row has a price, whatever is in it: thousands of jobs with twenty columns
//! cost ten times what reading them does. So the database writes the columns of a row into one text and the rows into one value,
//! and the columns are cut out of it here.
//!
//! A row is a head and a body: `7,2026-11-26T12:00:00+00:00,9,,;autoland…`. In the head each column has its number, its moment
//! (text in SQLite, microseconds since the epoch in PostgreSQL) or the length of its text in bytes, each followed by a comma;
//! nothing stands for NULL. The texts follow one after the other in the body.
//!
//! No stored text holds a NUL character (`check_text` of the store's errors), at which SQLite's `format` would end it. Both databases
//! put the rows together in the order of the statement within, which the tests of lists on both would miss otherwise.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, QueryResult, Statement, Value};

use crate::store::Store;
use crate::store::error::StoreError;

/// What a column holds; each may be NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Holds {
    Number,
    Text,
    Moment,
}

/// Most columns that are read together.
const MOST_COLUMNS: usize = 32;

/// A column: its table, its name, what it holds.
pub(in crate::store) type Column = (&'static str, &'static str, Holds);

/// Columns that are read together: what they are in SQL, what they hold.
#[derive(Clone, Debug)]
pub(in crate::store) struct Packing(Vec<(String, Holds)>);

impl Packing {
    /// Reads these columns, in this order.
    pub(in crate::store) fn of(columns: impl IntoIterator<Item = Column>) -> Self {
        let quoted = |(table, column, holds)| (format!("\"{table}\".\"{column}\""), holds);
        Self(columns.into_iter().map(quoted).collect())
    }

    /// Reads, after those, an expression of SQL.
    pub(in crate::store) fn and(mut self, expression: &str, holds: Holds) -> Self {
        self.0.push((expression.to_owned(), holds));
        self
    }

    /// Writes the expression of a row.
    pub(in crate::store) fn expression(&self, backend: DbBackend) -> String {
        let postgres = backend == DbBackend::Postgres;
        let mut form = String::new();
        let mut values: Vec<String> = Vec::new();
        for (column, holds) in &self.0 {
            form.push_str("%s,");
            values.push(match holds {
                Holds::Text => format!("octet_length({column})"),
                Holds::Moment if postgres => format!("(date_part('epoch', {column}) * 1000000)::bigint"),
                Holds::Number | Holds::Moment => column.clone(),
            });
        }
        form.push(';');
        for (column, _) in self.0.iter().filter(|(_, holds)| *holds == Holds::Text) {
            form.push_str("%s");
            values.push(column.clone());
        }
        // Both databases write nothing for NULL.
        format!("format('{form}', {})", values.join(", "))
    }

    /// Cuts the first row off a text.
    fn row<'t>(&self, text: &mut &'t str) -> Result<Row<'t>, DbErr> {
        let mut row = Row { fields: [None; MOST_COLUMNS] };
        let mut at = 0;
        for field in row.fields.iter_mut().take(self.0.len()) {
            let start = at;
            while text.as_bytes().get(at).is_some_and(|byte| *byte != b',') {
                at += 1;
            }
            // Commas and what is between them are characters of their own.
            *field = text.get(start..at).filter(|value| !value.is_empty());
            at += 1;
        }
        if text.as_bytes().get(at) != Some(&b';') {
            return Err(malformed("head", text));
        }
        let mut rest = text.get(at + 1..).unwrap_or_default();
        for (place, (column, holds)) in self.0.iter().enumerate() {
            if *holds != Holds::Text {
                continue;
            }
            let Some(field) = row.fields.get_mut(place) else { continue };
            let Some(length) = *field else { continue };
            let length = whole_number(length).and_then(|length| usize::try_from(length).ok());
            let cut = length.and_then(|length| rest.split_at_checked(length));
            let (body, behind) = cut.ok_or_else(|| malformed(column, rest))?;
            *field = Some(body);
            rest = behind;
        }
        *text = rest;
        Ok(row)
    }
}

/// A row, by the places of its columns.
#[derive(Debug)]
pub(in crate::store) struct Row<'t> {
    fields: [Option<&'t str>; MOST_COLUMNS],
}

impl<'t> Row<'t> {
    /// The text at a place, `None` for NULL.
    #[inline]
    pub(in crate::store) fn text(&self, place: usize) -> Option<&'t str> {
        self.fields.get(place).copied().flatten()
    }

    /// The text at a place that cannot be NULL.
    pub(in crate::store) fn owned(&self, place: usize) -> Result<String, DbErr> {
        self.text(place).map(str::to_owned).ok_or_else(|| missing(place))
    }

    /// The number at a place, `None` for NULL.
    pub(in crate::store) fn optional<N: TryFrom<i64>>(&self, place: usize) -> Result<Option<N>, DbErr> {
        let Some(text) = self.text(place) else { return Ok(None) };
        let number = whole_number(text).and_then(|number| N::try_from(number).ok());
        number.map(Some).ok_or_else(|| malformed("number", text))
    }

    /// The number at a place that cannot be NULL.
    pub(in crate::store) fn number<N: TryFrom<i64>>(&self, place: usize) -> Result<N, DbErr> {
        self.optional(place)?.ok_or_else(|| missing(place))
    }

    /// The moment at a place that cannot be NULL.
    pub(in crate::store) fn moment(&self, place: usize) -> Result<DateTime<Utc>, DbErr> {
        let text = self.text(place).ok_or_else(|| missing(place))?;
        moment(text).ok_or_else(|| malformed("moment", text))
    }
}

fn missing(place: usize) -> DbErr {
    DbErr::Type(format!("column {place} of a packed row is NULL"))
}

fn malformed(what: &str, text: &str) -> DbErr {
    let text: String = text.chars().take(80).collect();
    DbErr::Type(format!("no {what} in a packed row at {text:?}"))
}

/// Reads a whole number; a loop of our own, because there are ten in each row.
fn whole_number(text: &str) -> Option<i64> {
    let (digits, sign) = match text.as_bytes() {
        [b'-', digits @ ..] => (digits, -1),
        digits => (digits, 1),
    };
    if digits.is_empty() || digits.len() > 18 {
        return text.parse().ok();
    }
    let mut number = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(sign * number)
}

/// Reads a moment as one of the databases writes it.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Some(microseconds) = whole_number(text) {
        return DateTime::from_timestamp_micros(microseconds);
    }
    usual_moment(text.as_bytes()).or_else(|| {
        let zoned = DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc());
        let plain =
            || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map(|moment| moment.and_utc());
        zoned.or_else(|_| plain()).ok()
    })
}

/// Reads `2026-11-26T12:34:56.789012+00:00`, with a fraction of up to nine digits or none: what we have written ourselves.
fn usual_moment(text: &[u8]) -> Option<DateTime<Utc>> {
    let (date, rest) = text.split_first_chunk::<19>()?;
    let fraction = rest.strip_suffix(b"+00:00")?;
    if [date[4], date[7], date[10], date[13], date[16]] != *b"--T::" || fraction.len() > 10 {
        return None;
    }
    let mut wrong = 0;
    let mut two = |at: usize| {
        let (tens, ones) = (date[at].wrapping_sub(b'0'), date[at + 1].wrapping_sub(b'0'));
        wrong |= u8::from(tens > 9) | u8::from(ones > 9);
        u32::from(tens) * 10 + u32::from(ones)
    };
    let year = two(0) * 100 + two(2);
    let (month, day, hour, minute, second) = (two(5), two(8), two(11), two(14), two(17));
    if wrong != 0 || !matches!(fraction, [] | [b'.', _, ..]) {
        return None;
    }
    let mut nanoseconds = 0;
    for place in 1..10 {
        let digit = fraction.get(place).copied().unwrap_or(b'0').wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        nanoseconds = nanoseconds * 10 + u32::from(digit);
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(date.and_hms_nano_opt(hour, minute, second, nanoseconds)?.and_utc())
}

impl Store {
    /// Reads the rows of a statement that selects nothing yet; the packed columns are added to it.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn packed<T>(
        &self,
        mut select: SelectStatement,
        packing: &Packing,
        read: impl Fn(&Row<'_>) -> Result<T, DbErr>,
    ) -> Result<Vec<T>, StoreError> {
        select.expr_as(Expr::cust(packing.expression(self.backend())), "packed");
        let mut all = Query::select();
        all.expr(Expr::cust("string_agg(packed, '')")).from_subquery(select, "packed_rows");
        unpack(self.connection().query_one(&all).await?, packing, read)
    }

    /// As [`packed`](Self::packed), of a statement in SQL; its column is `packed`.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn packed_sql<T>(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
        packing: &Packing,
        read: impl Fn(&Row<'_>) -> Result<T, DbErr>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = format!("SELECT string_agg(packed, '') FROM ({sql}) AS packed_rows");
        let all = Statement::from_sql_and_values(self.backend(), sql, values);
        unpack(self.connection().query_one_raw(all).await?, packing, read)
    }
}

fn unpack<T>(
    found: Option<QueryResult>,
    packing: &Packing,
    read: impl Fn(&Row<'_>) -> Result<T, DbErr>,
) -> Result<Vec<T>, StoreError> {
    let text: Option<String> = found.map(|found| found.try_get_by_index(0)).transpose()?.flatten();
    let mut rest = text.as_deref().unwrap_or_default();
    let mut rows = Vec::new();
    while !rest.is_empty() {
        rows.push(read(&packing.row(&mut rest)?)?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_both_databases_write_them() {
        let expected = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        for text in [
            "2026-11-26T12:34:56+00:00",
            "2026-11-26T12:34:56.7+00:00",
            "2024-02-29T23:59:59.789+00:00",
            "1970-01-01T00:00:00.000001+00:00",
            "2026-11-26T12:34:56.789012345+00:00",
        ] {
            assert_eq!(usual_moment(text.as_bytes()), Some(expected(text)), "{text}");
            assert_eq!(moment(text), Some(expected(text)), "{text}");
        }
        assert_eq!(moment("2026-11-26T14:34:56.5+02:00"), Some(expected("2026-11-26T12:34:56.5Z")));
        assert_eq!(moment("2026-11-26 12:34:56.25"), Some(expected("2026-11-26T12:34:56.25Z")));
        assert_eq!(moment("1764160496250000"), Some(expected("2025-11-26T12:34:56.25Z")));
        for text in [
            "",
            "2026-13-26T12:34:56+00:00",
            "2026-11-26T12:34",
            "2026-11-26X12:34:56+00:00",
            "2026-11-26T12:34:56;7+00:00",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn texts_may_hold_anything() {
        const NAME: &str = "\"t\".\"name\"";
        let packing = Packing::of([
            ("t", "id", Holds::Number),
            ("t", "name", Holds::Text),
            ("t", "at", Holds::Moment),
            ("t", "other", Holds::Text),
            ("t", "run", Holds::Number),
        ]);
        let mut text = "7,4,5,3,0,;a;,1é,x8,,6,0,,;";
        let row = packing.row(&mut text).unwrap();
        assert_eq!((row.number::<i64>(0).unwrap(), row.text(1), row.text(3)), (7, Some("a;,1"), Some("é,")));
        assert_eq!(text, "x8,,6,0,,;");
        for (broken, what) in
            [("7,4", "head"), ("7,,5,,0,x", "head"), ("7,9,5,,0,;abc", NAME), ("7,1,5,,0,;é", NAME)]
        {
            let mut text = broken;
            let problem = packing.row(&mut text).unwrap_err().to_string();
            assert!(problem.contains(&format!("no {what} in a packed row at")), "{broken}: {problem}");
        }
        let mut text = "8,,6,0,,;";
        let row = packing.row(&mut text).unwrap();
        assert_eq!((row.text(1), row.text(3), row.optional::<i32>(4).unwrap()), (None, Some(""), None));
        assert!(row.owned(1).is_err());
        assert!(row.number::<i32>(4).is_err());
        assert_eq!(text, "");
    }
}
