//! Moments as SQLite has them: texts.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// Reads a moment as SQLite has it: a text, as SeaORM and `SQLx` write it or as SQLite itself does.
pub fn parse_moment(text: &str) -> Option<DateTime<Utc>> {
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
            assert_eq!(parse_moment(text), Some(expected(text)), "{text}");
        }
        assert_eq!(parse_moment("2026-11-26T14:34:56.5+02:00"), Some(expected("2026-11-26T12:34:56.5Z")));
        assert_eq!(parse_moment("2026-11-26 12:34:56.25"), Some(expected("2026-11-26T12:34:56.25Z")));
        for text in [
            "",
            "1764160496250000",
            "2026-13-26T12:34:56+00:00",
            "2026-11-26T12:34",
            "2026-11-26X12:34:56+00:00",
            "2026-11-26T12:34:56;7+00:00",
        ] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }
}
