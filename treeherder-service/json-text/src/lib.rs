//! JSON that is written piece by piece, for lists of thousands of rows.
//!
//! What serde's derived code does for each of forty properties of two thousand jobs is most of what such an answer costs. Here a
//! property is its name, written as it stands in the code, and a value; the result is the same, byte by byte.
//!
//! It is a crate of its own because it is compiled for speed, as little else of the program is (`[profile.release]`).
//!
//! ```
//! use treeherder_json_text::JsonText;
//!
//! let mut json = JsonText::with_capacity(32);
//! json.next("{");
//! json.next("\"id\":");
//! json.value(&4711_i64);
//! json.next("\"symbol\":");
//! json.value("M(1)");
//! json.end('}');
//! assert_eq!(json.into_bytes(), br#"{"id":4711,"symbol":"M(1)"}"#);
//! ```

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

/// The beginning of a JSON text.
#[derive(Debug)]
pub struct JsonText(Vec<u8>);

impl JsonText {
    /// Begins a text of about so many bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Writes what is JSON already: brackets, or the name of a property with its colon. A comma comes before it where something
    /// else stands in the same brackets.
    pub fn next(&mut self, json: &str) {
        if !matches!(self.0.last(), None | Some(b'[' | b'{' | b':')) {
            self.0.push(b',');
        }
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Writes a closing bracket.
    pub fn end(&mut self, bracket: char) {
        self.0.extend_from_slice(bracket.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Writes an element of an array.
    pub fn element(&mut self, value: &(impl WriteJson + ?Sized)) {
        self.next("");
        value.write(&mut self.0);
    }

    /// Writes the value of a property whose name has been written.
    pub fn value(&mut self, value: &(impl WriteJson + ?Sized)) {
        value.write(&mut self.0);
    }

    /// Writes a value that is JSON already.
    pub fn written(&mut self, json: &[u8]) {
        self.0.extend_from_slice(json);
    }

    /// The text, which is UTF-8 if what was written into it is.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// What can be written as JSON without an error.
pub trait WriteJson {
    /// Adds the value.
    fn write(&self, json: &mut Vec<u8>);
}

impl WriteJson for i64 {
    fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

impl WriteJson for i32 {
    fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

impl WriteJson for u64 {
    fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

impl WriteJson for str {
    fn write(&self, json: &mut Vec<u8>) {
        if is_plain(self.as_bytes()) {
            json.reserve(self.len() + 2);
            json.push(b'"');
            json.extend_from_slice(self.as_bytes());
            json.push(b'"');
        } else {
            json.push(b'"');
            self.chars().for_each(|character| escape(character, json));
            json.push(b'"');
        }
    }
}

impl WriteJson for String {
    fn write(&self, json: &mut Vec<u8>) {
        self.as_str().write(json);
    }
}

impl<T: WriteJson + ?Sized> WriteJson for &T {
    fn write(&self, json: &mut Vec<u8>) {
        T::write(self, json);
    }
}

impl<T: WriteJson> WriteJson for Option<T> {
    fn write(&self, json: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(json),
            None => json.extend_from_slice(b"null"),
        }
    }
}

/// As clients expect moments: UTC without a zone, with six digits when there is a fraction.
impl WriteJson for DateTime<Utc> {
    fn write(&self, json: &mut Vec<u8>) {
        let mut text = [0; MOMENT];
        let length = write_moment(*self, b'T', &mut text);
        json.push(b'"');
        json.extend_from_slice(text.get(..length).unwrap_or_default());
        json.push(b'"');
    }
}

/// Bytes of the longest moment.
pub const MOMENT: usize = 26;

/// Writes a moment without a zone, with six digits when there is a fraction; returns its length.
pub fn write_moment(time: DateTime<Utc>, separator: u8, text: &mut [u8; MOMENT]) -> usize {
    let mut digits = |start: usize, width: usize, mut number: u32| {
        for byte in text.iter_mut().skip(start).take(width).rev() {
            // Less than ten.
            *byte = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    digits(0, 4, time.year().unsigned_abs());
    digits(5, 2, time.month());
    digits(8, 2, time.day());
    digits(11, 2, time.hour());
    digits(14, 2, time.minute());
    digits(17, 2, time.second());
    let microseconds = time.timestamp_subsec_micros() % 1_000_000;
    digits(20, 6, microseconds);
    for (place, mark) in [(4, b'-'), (7, b'-'), (10, separator), (13, b':'), (16, b':'), (19, b'.')] {
        text[place] = mark;
    }
    if microseconds == 0 { 19 } else { MOMENT }
}

/// Tells whether a text stands in JSON as it is. The line separators U+2028 and U+2029 do not, for the sake of pages that take a
/// body for a script; they are left to who looks closer, with all that begin with the same byte.
fn is_plain(text: &[u8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;
    // The highest bit of each byte that is zero; above the first of them it may be wrong.
    let zeros = |word: u64| word.wrapping_sub(EACH) & !word & HIGH;
    let mut words = text.chunks_exact(8);
    let mut special = 0;
    for word in &mut words {
        let Ok(word) = <[u8; 8]>::try_from(word) else { continue };
        let word = u64::from_le_bytes(word);
        let control = word.wrapping_sub(EACH * 0x20) & !word & HIGH;
        special |= control
            | zeros(word ^ (EACH * u64::from(b'"')))
            | zeros(word ^ (EACH * u64::from(b'\\')))
            | zeros(word ^ (EACH * 0xE2));
    }
    special == 0 && words.remainder().iter().all(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\' | 0xE2))
}

fn escape(character: char, json: &mut Vec<u8>) {
    match character {
        '"' => json.extend_from_slice(b"\\\""),
        '\\' => json.extend_from_slice(b"\\\\"),
        '\u{8}' => json.extend_from_slice(b"\\b"),
        '\u{c}' => json.extend_from_slice(b"\\f"),
        '\n' => json.extend_from_slice(b"\\n"),
        '\r' => json.extend_from_slice(b"\\r"),
        '\t' => json.extend_from_slice(b"\\t"),
        '\0'..' ' | '\u{2028}' | '\u{2029}' => {
            json.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        }
        _ => json.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &(impl WriteJson + ?Sized)) -> String {
        let mut json = Vec::new();
        value.write(&mut json);
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn texts_are_written_as_serde_writes_them() {
        let mut texts: Vec<String> =
            ["", "plain", "exactly8", "more than eight bytes", "“quoted” – naïve ☃ 𝄞"]
                .map(str::to_owned)
                .into();
        for code in (0..0x180).chain(0x2020..0x2030) {
            let character = char::from_u32(code).unwrap();
            for before in [0, 3, 7, 8, 12] {
                texts.push(format!("{}{character}xyz", "a".repeat(before)));
            }
        }
        for text in texts {
            let expected = serde_json::to_string(&text).unwrap();
            let expected = expected.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
            assert_eq!(written(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn numbers_moments_and_nothing_are_too() {
        for number in [0, 7, -1, i64::MAX, i64::MIN] {
            assert_eq!(written(&number), number.to_string());
        }
        assert_eq!(written(&Some(-3_i32)), "-3");
        assert_eq!(written(&None::<i64>), "null");
        let moment = DateTime::from_timestamp(1_767_225_600, 1_500_000).unwrap();
        assert_eq!(written(&moment), r#""2026-01-01T00:00:00.001500""#);
        let moment = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        assert_eq!(written(&moment), r#""2026-01-01T00:00:00""#);
    }

    #[test]
    fn commas_stand_between_what_is_in_the_same_brackets() {
        let mut json = JsonText::with_capacity(0);
        json.next("{");
        json.next("\"a\":");
        json.value("b");
        json.next("\"c\":");
        json.next("[");
        json.element(&1_i32);
        json.element(&2_i32);
        json.next("[");
        json.end(']');
        json.end(']');
        json.next("\"d\":");
        json.written(b"[1.5]");
        json.end('}');
        assert_eq!(String::from_utf8(json.0).unwrap(), r#"{"a":"b","c":[1,2,[]],"d":[1.5]}"#);
    }
}
