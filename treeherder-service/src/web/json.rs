//! Bodies as clients expect them (§1.1): exactly `application/json`, no blanks, no times with zones.

use std::io::{self, Write};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};
use treeherder_json_text::{JsonText, WriteJson};
use utoipa::ToSchema;

use super::response::Refused;

/// A JSON body.
///
/// As `axum::Json`, but the line separators U+2028 and U+2029 are escaped, for the sake of pages that take a body for a script.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match to_bytes(&self.0) {
            Ok(body) => of_json(body),
            Err(error) => Refused::from(error).into_response(),
        }
    }
}

/// A JSON body that was written piece by piece.
#[derive(Debug)]
pub(crate) struct Written(pub(crate) JsonText);

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        of_json(self.0.into_bytes())
    }
}

fn of_json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Writes a value as compact JSON.
pub(crate) fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = Vec::with_capacity(1024);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut body, Escaping))?;
    Ok(body)
}

/// Compact JSON without U+2028 and U+2029.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        // Both begin with the same two bytes in UTF-8, which hardly any text has.
        while let Some(place) = rest.find(['\u{2028}', '\u{2029}']) {
            let (before, from) = rest.split_at(place);
            let escaped = if from.starts_with('\u{2028}') { "\\u2028" } else { "\\u2029" };
            CompactFormatter.write_string_fragment(writer, before)?;
            writer.write_all(escaped.as_bytes())?;
            rest = from.get('\u{2028}'.len_utf8()..).unwrap_or_default();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

/// A moment as clients expect it: UTC without a zone, with six digits when there is a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "2026-01-02T03:04:05.123456")]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl Moment {
    /// Writes the moment with this character between date and time.
    pub(crate) fn text(self, separator: char) -> String {
        let mut text = [0; treeherder_json_text::MOMENT];
        // Both separators are ASCII.
        let length = treeherder_json_text::write_moment(self.0, separator as u8, &mut text);
        String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned()
    }
}

impl WriteJson for Moment {
    fn write(&self, json: &mut Vec<u8>) {
        self.0.write(json);
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text('T'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_no_zone() {
        let time = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        for (micros, expected) in [
            (0, "2026-01-01T00:00:00"),
            (1500, "2026-01-01T00:00:00.001500"),
            (3_723_123_456, "2026-01-01T01:02:03.123456"),
        ] {
            let moment = Moment(time + chrono::TimeDelta::microseconds(micros));
            assert_eq!(moment.text('T'), expected);
        }
        assert_eq!(Moment(time).text(' '), "2026-01-01 00:00:00");
    }

    #[test]
    fn bodies_are_compact_and_fit_for_scripts() {
        let body = to_bytes(&serde_json::json!({"a": ["é\u{2028}\u{2029}x\n", 1.5]})).unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), r#"{"a":["é\u2028\u2029x\n",1.5]}"#);
    }
}
