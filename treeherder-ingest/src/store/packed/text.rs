//! Rows of SQLite: as one text.
//!
//! A row is a head and a body: `7,2026-11-26T12:00:00+00:00,9,,;autoland…`. In the head each column has its number, its moment
//! or the length of its text in bytes, each followed by a comma; nothing stands for NULL. The texts follow one after the other
//! in the body.
//!
//! No stored text holds a NUL character (`check_text` of the store's errors), at which SQLite's `format` would end it. SQLite puts
//! the rows together in the order of the statement within, which the tests of lists would miss otherwise.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::DbErr;

use super::{Holds, MOST_COLUMNS, Packing, malformed};

/// The columns of a row as they are in its text.
pub(super) type Fields<'t> = [Option<&'t str>; MOST_COLUMNS];

/// Writes the expression of a row.
pub(super) fn expression(packing: &Packing) -> String {
    let mut form = String::new();
    let mut values: Vec<String> = Vec::new();
    for (column, holds) in &packing.0 {
        form.push_str("%s,");
        values.push(match holds {
            Holds::Text => format!("octet_length({column})"),
            Holds::Number | Holds::Moment => column.clone(),
        });
    }
    form.push(';');
    for (column, _) in packing.0.iter().filter(|(_, holds)| *holds == Holds::Text) {
        form.push_str("%s");
        values.push(column.clone());
    }
    // Nothing is written for NULL.
    format!("format('{form}', {})", values.join(", "))
}

/// Cuts the first row off a text.
pub(super) fn cut<'t>(packing: &Packing, text: &mut &'t str) -> Result<Fields<'t>, DbErr> {
    let mut fields = [None; MOST_COLUMNS];
    let mut at = 0;
    for field in fields.iter_mut().take(packing.0.len()) {
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
    for (field, (column, holds)) in fields.iter_mut().zip(&packing.0) {
        if *holds != Holds::Text {
            continue;
        }
        let Some(length) = *field else { continue };
        let length = whole_number(length).and_then(|length| usize::try_from(length).ok());
        let cut = length.and_then(|length| rest.split_at_checked(length));
        let (body, behind) = cut.ok_or_else(|| malformed(column, rest))?;
        *field = Some(body);
        rest = behind;
    }
    *text = rest;
    Ok(fields)
}

/// Reads a whole number; a loop of our own, because there are ten in each row.
pub(super) fn whole_number(text: &str) -> Option<i64> {
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

/// Reads a moment as SQLite has it.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
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

#[cfg(test)]
mod tests {
    use super::super::Row;
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_written() {
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
        for text in [
            "",
            "1764160496250000",
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
        let fields = cut(&packing, &mut text).unwrap();
        let row = Row::Text(&fields);
        assert_eq!(
            (row.number::<i64>(0).unwrap(), row.text(1).unwrap(), row.text(3).unwrap()),
            (7, Some("a;,1"), Some("é,"))
        );
        assert_eq!(text, "x8,,6,0,,;");
        for (broken, what) in
            [("7,4", "head"), ("7,,5,,0,x", "head"), ("7,9,5,,0,;abc", NAME), ("7,1,5,,0,;é", NAME)]
        {
            let mut text = broken;
            let problem = cut(&packing, &mut text).unwrap_err().to_string();
            assert!(problem.contains(&format!("no {what} in a row at")), "{broken}: {problem}");
        }
        let mut text = "8,,6,0,,;";
        let fields = cut(&packing, &mut text).unwrap();
        let row = Row::Text(&fields);
        assert_eq!(
            (row.text(1).unwrap(), row.text(3).unwrap(), row.optional::<i32>(4).unwrap()),
            (None, Some(""), None)
        );
        assert!(row.owned(1).is_err());
        assert!(row.number::<i32>(4).is_err());
        assert_eq!(text, "");
    }
}
