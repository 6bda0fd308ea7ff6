//! Rows of PostgreSQL: values in its binary form, which is that of its wire protocol (chapter "Frontend/Backend Protocol").

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use sea_orm::sqlx::postgres::{PgRow, PgValueFormat};
use sea_orm::sqlx::{Row as _, ValueRef as _};

use super::malformed;

/// PostgreSQL counts from the year 2000: its microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// The bytes at a place, `None` for NULL.
fn bytes(row: &PgRow, place: usize) -> Result<Option<&[u8]>, DbErr> {
    let failed = |problem: String| DbErr::Type(format!("column {place} of a row: {problem}"));
    let value = row.try_get_raw(place).map_err(|error| failed(error.to_string()))?;
    if value.is_null() {
        return Ok(None);
    }
    if value.format() != PgValueFormat::Binary {
        return Err(failed("not in binary form".to_owned()));
    }
    value.as_bytes().map(Some).map_err(|error| failed(error.to_string()))
}

/// The text at a place, `None` for NULL.
pub(super) fn text(row: &PgRow, place: usize) -> Result<Option<&str>, DbErr> {
    let Some(bytes) = bytes(row, place)? else { return Ok(None) };
    let text = std::str::from_utf8(bytes);
    text.map(Some).map_err(|_| malformed("text", &String::from_utf8_lossy(bytes)))
}

/// The number at a place, of whichever size, `None` for NULL.
pub(super) fn number(row: &PgRow, place: usize) -> Result<Option<i64>, DbErr> {
    let Some(bytes) = bytes(row, place)? else { return Ok(None) };
    whole_number(bytes).map(Some).ok_or_else(|| malformed("number", &format!("{bytes:?}")))
}

/// The moment at a place, `None` for NULL.
pub(super) fn moment(row: &PgRow, place: usize) -> Result<Option<DateTime<Utc>>, DbErr> {
    let Some(bytes) = bytes(row, place)? else { return Ok(None) };
    let since_1970 = whole_number(bytes).and_then(|microseconds| microseconds.checked_add(EPOCH));
    let moment = since_1970.and_then(DateTime::from_timestamp_micros);
    moment.map(Some).ok_or_else(|| malformed("moment", &format!("{bytes:?}")))
}

fn whole_number(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [a, b] => Some(i64::from(i16::from_be_bytes([a, b]))),
        [a, b, c, d] => Some(i64::from(i32::from_be_bytes([a, b, c, d]))),
        _ => bytes.try_into().ok().map(i64::from_be_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_sizes() {
        assert_eq!(whole_number(&[0xff, 0xfe]), Some(-2));
        assert_eq!(whole_number(&[0, 0, 1, 0]), Some(256));
        assert_eq!(whole_number(&[0xff; 8]), Some(-1));
        assert_eq!(whole_number(&[1]), None);
        assert_eq!(whole_number(&[]), None);
    }
}
