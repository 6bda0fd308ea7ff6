//! Line rules: what ends a line, what counts as white space, how lines are cut (`spec/ingest.md` §5.3–5.5).

use std::borrow::Cow;

use memchr::{memchr2, memrchr2};

/// Bytes that are looked at one by one before a vector search is called: short lines must be cheap, too.
const NEAR: usize = 24;

fn ends_line(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// Returns where the line that contains `at` begins, looking back no further than `floor`.
#[inline]
pub(crate) fn line_start(text: &[u8], floor: usize, at: usize) -> usize {
    let before = &text[floor..at];
    let (far, near) = before.split_at(before.len().saturating_sub(NEAR));
    match near.iter().rposition(|byte| ends_line(*byte)) {
        Some(found) => floor + far.len() + found + 1,
        None => memrchr2(b'\n', b'\r', far).map_or(floor, |found| floor + found + 1),
    }
}

/// Returns where the line that contains `at` ends: the index of its terminator, or the end of the text.
#[inline]
pub(crate) fn line_end(text: &[u8], at: usize) -> usize {
    let behind = &text[at..];
    let (near, far) = behind.split_at(behind.len().min(NEAR));
    match near.iter().position(|byte| ends_line(*byte)) {
        Some(found) => at + found,
        None => memchr2(b'\n', b'\r', far).map_or(text.len(), |found| at + near.len() + found),
    }
}

/// Counts line ends: LF, CR LF and lone CR, each once. A CR at the very end counts.
pub(crate) fn count_breaks(text: &[u8]) -> u64 {
    crate::scan::count_breaks(text)
}

/// Tells whether Python's `str.isspace` holds: Unicode white space and U+001C to U+001F (appendix F).
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// Returns the length of `line` without trailing white space, as Python's `rstrip`.
#[inline]
pub(crate) fn trim_end(line: &[u8]) -> usize {
    match line.last() {
        // Nearly every line ends so.
        Some(b'!'..=b'~') => line.len(),
        _ => trim_end_further(line),
    }
}

fn trim_end_further(line: &[u8]) -> usize {
    let mut end = line.len();
    while let Some(&last) = line[..end].last() {
        if last.is_ascii() {
            if !is_space(char::from(last)) {
                break;
            }
            end -= 1;
            continue;
        }
        match last_char(&line[..end]) {
            Some(character) if is_space(character) => end -= character.len_utf8(),
            _ => break,
        }
    }
    end
}

/// Decodes the last character, `None` when it isn't valid UTF-8.
fn last_char(text: &[u8]) -> Option<char> {
    (1..=text.len().min(4)).find_map(|len| {
        let tail = std::str::from_utf8(&text[text.len() - len..]).ok()?;
        tail.chars().next()
    })
}

/// Returns the length in bytes of the first `chars` characters of `line`, counted as after lossy decoding.
pub(crate) fn cut(line: &[u8], chars: usize) -> usize {
    if line.len() <= chars {
        return line.len();
    }
    if crate::scan::is_ascii(&line[..chars]) {
        return chars;
    }
    // A character is at most four bytes, also a malformed sequence that decodes to one U+FFFD is.
    let head = &line[..line.len().min(4 * chars + 4)];
    let mut left = chars;
    let mut len = 0;
    for chunk in head.utf8_chunks() {
        for character in chunk.valid().chars() {
            if left == 0 {
                return len;
            }
            left -= 1;
            len += character.len_utf8();
        }
        if !chunk.invalid().is_empty() {
            if left == 0 {
                return len;
            }
            left -= 1;
            len += chunk.invalid().len();
        }
    }
    len.min(line.len())
}

/// Decodes a line as UTF-8, malformed sequences replaced by U+FFFD.
#[inline]
pub(crate) fn decode(line: &[u8]) -> Cow<'_, str> {
    // The lossy conversion, which most lines don't need, goes byte by byte.
    crate::scan::as_text(line).map_or_else(|| String::from_utf8_lossy(line), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_as_python_does() {
        for (line, trimmed) in [
            ("a \t\r\n", "a"),
            ("a\u{1c}\u{1f}\u{a0}\u{2003}", "a"),
            ("a\u{200b}", "a\u{200b}"),
            ("  \u{3000}", ""),
            ("é ", "é"),
        ] {
            assert_eq!(&line[..trim_end(line.as_bytes())], trimmed, "{line:?}");
        }
        assert_eq!(trim_end(b"a\xff "), 2);
        assert_eq!(trim_end(b"a\xc2"), 2);
    }

    #[test]
    fn cuts_at_characters() {
        let long = "é".repeat(600);
        assert_eq!(cut(long.as_bytes(), 500), 1000);
        assert_eq!(cut("a".repeat(600).as_bytes(), 500), 500);
        assert_eq!(cut(b"short", 500), 5);
        let malformed = [0xff_u8; 600];
        assert_eq!(cut(&malformed, 500), 500);
        // A truncated sequence of three bytes decodes to one character.
        let truncated = b"\xf0\x9f\x8d".repeat(600);
        assert_eq!(cut(&truncated, 500), 1500);
        let text = decode(&truncated[..1500]);
        assert_eq!(text.chars().count(), 500);
    }

    #[test]
    fn finds_the_bounds_of_lines() {
        let text = b"ab\r\ncd\ref\n";
        assert_eq!((line_start(text, 0, 5), line_end(text, 5)), (4, 6));
        assert_eq!(line_start(text, 5, 5), 5);
    }
}
