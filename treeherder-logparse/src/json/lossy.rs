//! From bytes to text that a strict JSON reader accepts.

use std::borrow::Cow;

/// Decodes bytes as UTF-8, with U+FFFD for whatever is not text.
///
/// That is one U+FFFD for each maximal invalid sequence of bytes, and one for each escape of half a surrogate
/// pair (`\ud83d` alone): JavaScript strings that were cut in the middle of an emoji have those. Python reads
/// them, Unicode text and strict JSON readers cannot hold them. The repaired escape is as long as the old one, so
/// places in the text stay.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let text = crate::line::decode(bytes);
    let lone = lone_surrogates(text.as_bytes());
    if lone.is_empty() {
        return text;
    }
    let mut text = text.into_owned();
    for at in lone {
        // The four hexadecimal digits behind `\u`.
        text.replace_range(at + 2..at + 6, "fffd");
    }
    Cow::Owned(text)
}

/// Finds the escapes of surrogates without a partner, as the places of their backslashes.
///
/// Strings need not be told from what is around them: outside of strings a backslash is a syntax error anyway.
fn lone_surrogates(text: &[u8]) -> Vec<usize> {
    let mut lone = Vec::new();
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'\\', &text[from..]) {
        let at = from + found;
        from = match escaped_unit(text, at) {
            Some(0xD800..=0xDBFF) if matches!(escaped_unit(text, at + 6), Some(0xDC00..=0xDFFF)) => at + 12,
            Some(0xD800..=0xDFFF) => {
                lone.push(at);
                at + 6
            }
            Some(_) => at + 6,
            None => (at + 2).min(text.len()),
        };
    }
    lone
}

/// Reads the UTF-16 code unit of the escape `\uXXXX` at this place, if there is one.
pub(super) fn escaped_unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0u16, |unit, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_text_is_replaced() {
        let cases: &[(&[u8], &str)] = &[
            (b"{\"a\": 1}", "{\"a\": 1}"),
            (b"a\xffb", "a\u{fffd}b"),
            (b"a\xf0\x9f\x98b", "a\u{fffd}b"),
            (br"\ud83d\ude00", r"\ud83d\ude00"),
            (br"\ud83d!", r"\ufffd!"),
            (br"\ude00\ud83d", r"\ufffd\ufffd"),
            (br"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (br"\\ud83d", r"\\ud83d"),
            (br"\\\ud83d", r"\\\ufffd"),
            (br"\uD83D\u0041", r"\ufffd\u0041"),
            (br"\ud83", r"\ud83"),
            (b"\\", "\\"),
        ];
        for (bytes, text) in cases {
            assert_eq!(decode(bytes), *text, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn clean_text_is_borrowed() {
        assert!(matches!(decode(b"{\"a\": \"\\n\\u00e9\"}"), Cow::Borrowed(_)));
    }
}
