//! Text as it can be stored (`spec/ingest.md` §6.2).

use std::borrow::Cow;

/// Returns the text of an error line as it is stored: each character above U+FFFF and each NUL becomes `<U+XXXXXX>`.
///
/// The form of the characters above U+FFFF is what clients see since ever. PostgreSQL cannot store NUL at all: rather than
/// losing the lines of a log for one character, it is written the same way.
#[must_use]
pub fn error_line_text(line: &str) -> Cow<'_, str> {
    escape(line, |character| character == '\0' || character > '\u{ffff}')
}

/// Returns text as both databases can store it: NUL becomes `<U+000000>`, everything else stays.
#[must_use]
pub fn storable_text(text: &str) -> Cow<'_, str> {
    escape(text, |character| character == '\0')
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) {
            escaped.push_str(&format!("<U+{:06X}>", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Applies [`storable_text`] to every text inside of a JSON value, names of properties included.
pub(super) fn storable_json(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(storable_text(text).into_owned()),
        Value::Array(items) => Value::Array(items.iter().map(storable_json).collect()),
        Value::Object(properties) => Value::Object(
            properties
                .iter()
                .map(|(name, value)| (storable_text(name).into_owned(), storable_json(value)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn characters_above_the_first_plane_are_written_out() {
        for (line, stored) in [
            ("", ""),
            ("plain", "plain"),
            ("caf\u{e9} \u{ffff} \u{2028}", "caf\u{e9} \u{ffff} \u{2028}"),
            ("a \u{1f346} b", "a <U+01F346> b"),
            ("\u{1d400}", "<U+01D400>"),
            ("\u{10000}\u{10ffff}", "<U+010000><U+10FFFF>"),
            ("a\0b", "a<U+000000>b"),
            ("mojibake \u{f0}\u{178}\u{8d}\u{2020}", "mojibake \u{f0}\u{178}\u{8d}\u{2020}"),
        ] {
            assert_eq!(error_line_text(line), stored);
        }
    }

    #[test]
    fn other_text_only_loses_its_nul_characters() {
        assert_eq!(storable_text("\u{1f346}\0"), "\u{1f346}<U+000000>");
        assert_eq!(
            storable_json(&json!(["PASS", {"k\0": "\0", "n": 1}, null])),
            json!(["PASS", {"k<U+000000>": "<U+000000>", "n": 1}, null])
        );
    }
}
