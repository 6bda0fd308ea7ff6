//! Finding the JSON text of performance data in a log line.

use std::{borrow::Cow, sync::LazyLock};

use memchr::{memchr, memmem, memrchr};

use crate::json;

/// What the markers have in common, so that one search finds both.
const MARKER_START: &[u8] = b"PERF";
static MARKER_START_FINDER: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new(MARKER_START));
/// How the markers go on: `PERFHERDER_DATA:` is the usual one, some producers write `PERFORMANCE_DATA:`.
const MARKER_ENDS: [&[u8]; 2] = [b"HERDER_DATA:", b"ORMANCE_DATA:"];

/// Finds the JSON text of performance data in one line of a log.
///
/// That is what the group of the pattern `.*?MARKER:\s+({.*})` catches, matched from the start of the line (§5.6,
/// step 1), for the markers `PERFHERDER_DATA:` and `PERFORMANCE_DATA:`: the first marker counts that is followed by
/// at least one white-space character and `{`; the text runs from there to the last `}` of the line. White space is
/// Unicode's, and U+001C to U+001F as well. The text comes decoded as UTF-8, with U+FFFD for what is not text; whether it
/// is JSON is for the caller to see.
///
/// The cost is linear in the length of the line, however many markers it has.
///
/// ```
/// use treeherder_logparse::perf::extract;
///
/// let line = b"12:00:00 INFO - PERFHERDER_DATA: {\"framework\": {}, \"suites\": []} done";
/// assert_eq!(extract(line).as_deref(), Some("{\"framework\": {}, \"suites\": []}"));
/// assert_eq!(extract(b"PERFHERDER_DATA:{}"), None, "white space is required after the colon");
/// ```
#[must_use]
pub fn extract(line: &[u8]) -> Option<Cow<'_, str>> {
    extract_bytes(line).map(json::decode)
}

/// Like [`extract`], before decoding.
fn extract_bytes(line: &[u8]) -> Option<&[u8]> {
    // A marker behind a line feed is out of reach for the pattern's dot, though the white space may hold one.
    let first_line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
    // Found once: asked for each marker anew, a line of a million markers would take a million searches.
    let last_brace = memrchr(b'}', first_line);
    for start in MARKER_START_FINDER.find_iter(first_line) {
        let Some(colon) = marker_end(first_line, start) else { continue };
        let open = colon + white_space(&line[colon..]);
        if open == colon || line.get(open) != Some(&b'{') {
            continue;
        }
        let close = if open < first_line.len() {
            last_brace.filter(|close| *close > open)
        } else {
            let rest = &line[open..];
            memrchr(b'}', &rest[..memchr(b'\n', rest).unwrap_or(rest.len())]).map(|close| open + close)
        };
        if let Some(close) = close {
            return Some(&line[open..=close]);
        }
    }
    None
}

/// Returns where the marker that starts here ends, if it is one.
fn marker_end(line: &[u8], start: usize) -> Option<usize> {
    let rest = &line[start + MARKER_START.len()..];
    let end = MARKER_ENDS.iter().find(|end| rest.starts_with(end))?;
    Some(start + MARKER_START.len() + end.len())
}

/// Counts the bytes of white space at the start, by the meaning of `\s` in Python.
fn white_space(text: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length += match &text[length..] {
            [b'\t'..=b'\r' | 0x1C..=0x1F | b' ', ..] => 1,
            [0xC2, 0x85 | 0xA0, ..] => 2,
            [0xE1, 0x9A, 0x80, ..]
            | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..]
            | [0xE2, 0x81, 0x9F, ..]
            | [0xE3, 0x80, 0x80, ..] => 3,
            _ => return length,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_the_patterns() {
        let cases: &[(&str, Option<&str>)] = &[
            ("PERFHERDER_DATA: {}", Some("{}")),
            ("PERFORMANCE_DATA: {}", Some("{}")),
            ("x PERFHERDER_DATA:\t \u{a0}\u{2003}\u{3000}\u{1c}\u{1f}\u{85}{\"a\": 1}\r", Some("{\"a\": 1}")),
            ("PERFHERDER_DATA:{}", None),
            ("PERFHERDER_DATA {}", None),
            ("perfherder_data: {}", None),
            ("PERFHERDER_DATA: [{}]", None),
            ("PERFHERDER_DATA: {", None),
            ("} PERFHERDER_DATA: {", None),
            ("PERFHERDER_DATA: {\"a\": 1} }", Some("{\"a\": 1} }")),
            ("PERFHERDER_DATA: {\"a\": 1} and } more", Some("{\"a\": 1} and }")),
            ("a PERFHERDER_DATA: b PERFHERDER_DATA: {\"c\": 1}", Some("{\"c\": 1}")),
            ("a PERFORMANCE_DATA: b PERFHERDER_DATA: {\"c\": 1}", Some("{\"c\": 1}")),
            ("PERFHERDER_DATA: {1} PERFHERDER_DATA: {2}", Some("{1} PERFHERDER_DATA: {2}")),
            ("PERFPERFHERDER_DATA: {}", Some("{}")),
            ("PERFHERDER_DATA: PERFHERDER_DATA:  {}", Some("{}")),
            ("PERFHERDER_DATA:\u{200b}{}", None),
            ("PERFHERDER_DATA: {a\nb}", None),
            ("PERFHERDER_DATA: \n {a}\n}", Some("{a}")),
            ("a\nPERFHERDER_DATA: {}", None),
            ("", None),
        ];
        for (line, group) in cases {
            assert_eq!(extract(line.as_bytes()).as_deref(), *group, "{line:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(extract(b"\xff PERFHERDER_DATA: {\"\xe2\x82\"}").as_deref(), Some("{\"\u{fffd}\"}"));
        assert_eq!(extract(b"PERFHERDER_DATA:\xc2{}"), None);
    }

    /// The pattern itself, with Python's white space spelled out.
    fn by_pattern(line: &str) -> Option<String> {
        let pattern = r"\A.*?(?:PERFHERDER|PERFORMANCE)_DATA:[\s\x1C-\x1F]+(\{.*\})";
        let pattern = regex_automata::meta::Regex::new(pattern).unwrap();
        let mut captures = pattern.create_captures();
        pattern.captures(line, &mut captures);
        captures.get_group(1).map(|group| line[group.range()].to_owned())
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_pattern(pieces in proptest::collection::vec(0usize..14, 0..12)) {
            let words = ["PERFHERDER_DATA:", "PERFORMANCE_DATA:", " ", "\t", "\u{1d}", "\u{2028}", "{", "}", "x", "\n", "PERF", "\u{a0}", "{}", ": "];
            let line: String = pieces.iter().map(|piece| words[*piece]).collect();
            proptest::prop_assert_eq!(extract(line.as_bytes()).map(Cow::into_owned), by_pattern(&line));
        }
    }
}
