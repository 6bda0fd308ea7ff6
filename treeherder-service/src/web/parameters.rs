//! The query parameters of a request and how they are read (§1.3).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Utc};
use url::form_urlencoded;

use super::response::Refused;

/// Query parameters in the order they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<State: Sync> FromRequestParts<State> for Parameters {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Refused> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, Refused> {
        let parameters: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        match parameters.iter().find(|(_, value)| value.contains('\0')) {
            Some((name, _)) => Err(Refused::field(name, "Null characters are not allowed.")),
            None => Ok(Self(parameters)),
        }
    }

    /// Returns the last value of a parameter.
    pub(crate) fn last(&self, name: &str) -> Option<&str> {
        self.all(name).next_back()
    }

    /// Returns the last value of a parameter unless it is blank.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.last(name).filter(|value| !value.trim().is_empty())
    }

    /// Returns all values of a parameter.
    pub(crate) fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the last value of each parameter, in the order of the names' first appearance.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        let first = |place: usize, name: &str| !self.0.iter().take(place).any(|(known, _)| known == name);
        self.0
            .iter()
            .enumerate()
            .filter(move |(place, (name, _))| first(*place, name))
            .map(|(_, (name, value))| (name.as_str(), self.last(name).unwrap_or(value)))
    }

    /// Reads a whole number; blank counts as absent.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.trim().parse().map_err(|_| Refused::field(name, "A valid integer is required."))?;
        Ok(Some(number))
    }

    /// Reads a whole number that is not negative; blank counts as absent.
    pub(crate) fn natural(&self, name: &str) -> Result<Option<u64>, Refused> {
        let negative = |_| Refused::field(name, "Ensure this value is greater than or equal to 0.");
        self.integer(name)?.map(|number| u64::try_from(number).map_err(negative)).transpose()
    }

    /// Reads all values as whole numbers that are ids.
    pub(crate) fn integers(&self, name: &str) -> Result<Vec<i64>, Refused> {
        let invalid = || Refused::field(name, "A valid integer is required.");
        self.all(name).map(|text| text.trim().parse().map_err(|_| invalid())).collect()
    }

    /// Reads a truth value, false when it is missing.
    pub(crate) fn truth(&self, name: &str) -> Result<bool, Refused> {
        match self.text(name).map(str::trim) {
            None => Ok(false),
            Some(
                "true" | "True" | "TRUE" | "t" | "T" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON"
                | "1",
            ) => Ok(true),
            Some(
                "false" | "False" | "FALSE" | "f" | "F" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off"
                | "OFF" | "0",
            ) => Ok(false),
            Some(_) => Err(Refused::field(name, "Must be a valid boolean.")),
        }
    }

    /// Reads a day; blank counts as absent.
    pub(crate) fn day(&self, name: &str) -> Result<Option<NaiveDate>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        day(text.trim()).map(Some).ok_or_else(|| {
            Refused::field(name, "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
        })
    }

    /// Reads a moment; blank counts as absent.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        moment(text.trim()).map(Some).ok_or_else(|| {
            Refused::field(name, "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DD.")
        })
    }
}

/// Reads `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| (1..=9998).contains(&day.year()))
}

/// Reads an ISO date-time; without a zone it is UTC.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    // A plus sign that was not encoded arrives as a blank.
    let text = text.replace(' ', if text.matches(':').count() == 3 { "+" } else { "T" });
    let time = match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => time.with_timezone(&Utc),
        Err(_) => {
            let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
            let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
            time.or_else(|| day(&text)?.and_hms_opt(0, 0, 0))?.and_utc()
        }
    };
    // What the databases can compare with.
    (1..=9998).contains(&time.year()).then_some(time)
}

/// Reads Unix seconds, with or without a fraction.
pub(crate) fn unix_time(text: &str) -> Option<DateTime<Utc>> {
    let seconds: f64 = text.trim().parse().ok()?;
    if !(-6e10..=2.5e11).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds just checked")]
    DateTime::from_timestamp_micros((seconds * 1e6).round() as i64)
}

/// Writes parameters as a query, sorted by their names.
pub(crate) fn query_text<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut sorted: Vec<(&str, &str)> = parameters.into_iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    form_urlencoded::Serializer::new(String::new()).extend_pairs(sorted).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_lists_keep_all() {
        let parameters = Parameters::parse("a=1&b=&a=2&c=x+y%C3%BC").unwrap();
        assert_eq!(parameters.last("a"), Some("2"));
        assert_eq!(parameters.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(parameters.text("b"), None);
        assert_eq!(parameters.each().collect::<Vec<_>>(), [("a", "2"), ("b", ""), ("c", "x yü")]);
        assert!(Parameters::parse("a=%00").is_err());
    }

    #[test]
    fn truth_has_many_words() {
        for (text, expected) in
            [("a=Yes", Some(true)), ("a=0", Some(false)), ("", Some(false)), ("a=maybe", None)]
        {
            assert_eq!(Parameters::parse(text).unwrap().truth("a").ok(), expected, "{text}");
        }
    }

    #[test]
    fn moments_are_read_with_and_without_zone() {
        for (text, expected) in [
            ("2026-01-01T00:10:08.123", "2026-01-01T00:10:08.123+00:00"),
            ("2026-01-01T00:10:08Z", "2026-01-01T00:10:08+00:00"),
            ("2026-01-01T01:10:08 01:00", "2026-01-01T00:10:08+00:00"),
            ("2026-01-01 00:10", "2026-01-01T00:10:00+00:00"),
            ("2026-01-01", "2026-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(moment(text).map(|time| time.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
        for text in ["yesterday", "0000-01-01", "+12345-01-01T00:00:00Z"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn unix_times_have_bounds() {
        assert_eq!(unix_time("1767225600.5").map(|time| time.timestamp_millis()), Some(1_767_225_600_500));
        for text in ["x", "1e300", "NaN", "inf"] {
            assert_eq!(unix_time(text), None, "{text}");
        }
    }

    #[test]
    fn queries_are_sorted_and_encoded() {
        assert_eq!(query_text([("page", "2"), ("a b", "ü&")]), "a+b=%C3%BC%26&page=2");
    }
}
