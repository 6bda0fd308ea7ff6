//! Replacing by pattern.

use std::borrow::Cow;

use regex_automata::meta::Regex;

/// Compiles a pattern of this crate; a mistake in one is found by the first test that uses it.
pub(super) fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants, and tests compile each of them")]
    Regex::new(text).expect("a pattern of this crate")
}

/// Replaces every match by `by`.
pub(super) fn replace_all<'text>(pattern: &Regex, text: Cow<'text, str>, by: &str) -> Cow<'text, str> {
    let mut replaced = String::new();
    let mut end = 0;
    for found in pattern.find_iter(text.as_bytes()) {
        replaced.push_str(&text[end..found.start()]);
        replaced.push_str(by);
        end = found.end();
    }
    if end == 0 {
        return text;
    }
    replaced.push_str(&text[end..]);
    Cow::Owned(replaced)
}
