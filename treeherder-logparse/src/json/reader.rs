//! A pull reader over one JSON text.

use std::borrow::Cow;

use super::lossy::escaped_unit;

/// How deep a text may nest. The strict readers that see our output later stop at 128.
pub(crate) const MAX_DEPTH: usize = 100;

/// Says where a text stops being JSON, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub(crate) struct SyntaxError {
    /// Where, in bytes from the start of the text.
    pub(crate) offset: usize,
    /// What was wrong there.
    pub(crate) message: &'static str,
}

/// The kinds of JSON values, as told by their first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

impl Kind {
    /// Names the kind with its article, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A number of the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number<'t> {
    /// A number JSON can carry. An integer stays an integer; floats are the nearest to what was written.
    Finite(serde_json::Number),
    /// `NaN`, an infinity, or a number too large for a float.
    NotFinite(&'t str),
}

/// A whole value that was stepped over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skipped<'t> {
    /// Its text.
    pub(crate) text: &'t str,
    /// The first number in it that strict JSON cannot carry.
    pub(crate) not_finite: Option<&'t str>,
}

/// Reads one JSON text from front to back; the caller says what it expects next.
///
/// Objects and arrays are read by [`open`](Self::open) and then [`next_key`](Self::next_key) or
/// [`next_element`](Self::next_element) until those say that it is over.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// Whether an object or array was opened just now, so that no comma is due.
    fresh: bool,
}

impl<'t> Reader<'t> {
    /// Starts before the first byte.
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0, fresh: false }
    }

    /// Tells what kind of value comes next, without reading it.
    pub(crate) fn kind(&mut self) -> Result<Kind, SyntaxError> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("the text ends where a value was expected")),
        }
    }

    /// Steps into the object or array that comes next.
    pub(crate) fn open(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        match self.peek() {
            Some(b'{' | b'[') => self.step_in(),
            _ => Err(self.error("expected an object or an array")),
        }
    }

    /// Reads the next key and its colon, or the end of the object.
    pub(crate) fn next_key(&mut self) -> Result<Option<Cow<'t, str>>, SyntaxError> {
        if !self.next_member(b'}', "expected ',' or '}'")? {
            return Ok(None);
        }
        let key = self.string()?;
        self.skip_space();
        self.expect(b':', "expected ':'")?;
        Ok(Some(key))
    }

    /// Steps to the next element, or over the end of the array.
    pub(crate) fn next_element(&mut self) -> Result<bool, SyntaxError> {
        self.next_member(b']', "expected ',' or ']'")
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Result<Cow<'t, str>, SyntaxError> {
        self.skip_space();
        self.expect(b'"', "expected a string")?;
        let mut start = self.at;
        let mut unescaped = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let plain = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            if let Some(control) = rest[..plain].iter().position(|byte| *byte < 0x20) {
                self.at += control;
                return Err(self.error("control character in a string"));
            }
            self.at += plain;
            match self.peek() {
                Some(b'"') => break,
                Some(_) => {
                    unescaped.push_str(&self.text[start..self.at]);
                    unescaped.push(self.escape()?);
                    start = self.at;
                }
                None => return Err(self.error("the text ends inside a string")),
            }
        }
        let last = &self.text[start..self.at];
        self.at += 1;
        if unescaped.is_empty() {
            return Ok(Cow::Borrowed(last));
        }
        unescaped.push_str(last);
        Ok(Cow::Owned(unescaped))
    }

    /// Reads a number.
    pub(crate) fn number(&mut self) -> Result<Number<'t>, SyntaxError> {
        self.skip_space();
        for name in ["NaN", "Infinity", "-Infinity"] {
            if self.text.as_bytes()[self.at..].starts_with(name.as_bytes()) {
                self.at += name.len();
                return Ok(Number::NotFinite(name));
            }
        }
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(number_value(&self.text[start..self.at], integer))
    }

    /// Reads `true` or `false`.
    pub(crate) fn bool(&mut self) -> Result<bool, SyntaxError> {
        self.skip_space();
        if self.peek() == Some(b't') {
            self.word("true").map(|()| true)
        } else {
            self.word("false").map(|()| false)
        }
    }

    /// Steps over the next value, whatever it is, and hands out its text.
    ///
    /// Open objects and arrays are remembered in a list of at most [`MAX_DEPTH`] instead of by calling itself.
    pub(crate) fn skip(&mut self) -> Result<Skipped<'t>, SyntaxError> {
        self.skip_space();
        let start = self.at;
        let mut not_finite = None;
        let mut open: Vec<Kind> = Vec::new();
        loop {
            let kind = self.kind()?;
            match kind {
                Kind::Object | Kind::Array => {
                    self.step_in()?;
                    open.push(kind);
                }
                Kind::String => drop(self.string()?),
                Kind::Number => {
                    if let Number::NotFinite(text) = self.number()? {
                        not_finite.get_or_insert(text);
                    }
                }
                Kind::Bool => drop(self.bool()?),
                Kind::Null => self.word("null")?,
            }
            // Everything that ends here ends; then comes the next value, or this was the whole.
            loop {
                let more = match open.last() {
                    None => return Ok(Skipped { text: &self.text[start..self.at], not_finite }),
                    Some(Kind::Object) => self.next_key()?.is_some(),
                    Some(_) => self.next_element()?,
                };
                if more {
                    break;
                }
                open.pop();
            }
        }
    }

    /// Makes sure that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error("text after the end of the value")) }
    }

    /// Reads one escape sequence. Surrogates without a partner were replaced by [`super::decode`]; should one
    /// come nevertheless, it becomes U+FFFD as well.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let bytes = self.text.as_bytes();
        let simple = match bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(first) = escaped_unit(bytes, self.at) else {
                    return Err(self.error("expected four hexadecimal digits"));
                };
                let second = escaped_unit(bytes, self.at + 6).filter(|unit| (0xDC00..0xE000).contains(unit));
                let units = match second {
                    Some(second) if (0xD800..0xDC00).contains(&first) => vec![first, second],
                    _ => vec![first],
                };
                self.at += 6 * units.len();
                let decoded = char::decode_utf16(units).next();
                return Ok(decoded.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return Err(self.error("unknown escape in a string")),
        };
        self.at += 2;
        Ok(simple)
    }

    fn step_in(&mut self) -> Result<(), SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("nested more than 100 levels deep"));
        }
        self.depth += 1;
        self.at += 1;
        self.fresh = true;
        Ok(())
    }

    fn next_member(&mut self, close: u8, message: &'static str) -> Result<bool, SyntaxError> {
        self.skip_space();
        let fresh = std::mem::take(&mut self.fresh);
        if self.take(close) {
            self.depth = self.depth.saturating_sub(1);
            return Ok(false);
        }
        if !fresh {
            self.expect(b',', message)?;
        }
        Ok(true)
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.error("expected a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &'static str) -> Result<(), SyntaxError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.error("expected a value"))
        }
    }

    fn expect(&mut self, byte: u8, message: &'static str) -> Result<(), SyntaxError> {
        if self.take(byte) { Ok(()) } else { Err(self.error(message)) }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error(&self, message: &'static str) -> SyntaxError {
        SyntaxError { offset: self.at, message }
    }
}

/// Turns the text of a number into its value.
///
/// Integers beyond 64 bits become floats. Floats are read by the standard library, which is exact in the last digit
/// where `serde_json` by default is not.
fn number_value(text: &str, integer: bool) -> Number<'_> {
    if integer {
        if let Ok(value) = text.parse::<i64>() {
            return Number::Finite(value.into());
        }
        if let Ok(value) = text.parse::<u64>() {
            return Number::Finite(value.into());
        }
    }
    let float = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    float.map_or(Number::NotFinite(text), Number::Finite)
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
