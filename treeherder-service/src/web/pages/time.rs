//! Times as pages have them.

use chrono::{DateTime, Datelike as _, Utc};

/// Writes a time for the attribute `datetime`, from which scripts tell it in the reader's own zone.
pub(super) fn iso(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes the day and time of a push, in UTC; with the year when that is not the year of `now`.
pub(super) fn of_push(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if time.year() == now.year() { "%a %-d %b, %H:%M" } else { "%a %-d %b %Y, %H:%M" };
    time.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_of_another_year_says_so() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!(of_push(now, now), "Thu 1 Jan, 00:00");
        assert_eq!(of_push(at("2025-12-31T23:59:59Z"), now), "Wed 31 Dec 2025, 23:59");
    }
}
