//! The line as it is counted (§6.5.3).

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::pattern::{pattern, replace_all};

static STEPS: LazyLock<[(Regex, &str); 7]> = LazyLock::new(|| {
    [
        (pattern(r" [0-9]+\.[0-9]+ "), " X "),
        // The pattern has a group where somebody meant parentheses; what it puts there has them.
        (pattern(r" leaked [0-9]+ window(s)"), " leaked X window(s)"),
        (pattern(r" [0-9]+ bytes leaked"), " X bytes leaked"),
        (pattern(r" value=[0-9]+"), " value=*"),
        (pattern(r"ot [0-9]+, expected [0-9]+"), "ot X, expected Y"),
        (pattern(r" http://localhost:[0-9]+/"), " http://localhost:X/"),
        (pattern(r" finished in \d+ms"), " finished"),
    ]
});

/// Replaces measured numbers of a cleaned line, so that the same failure is counted as one.
///
/// ```
/// # use treeherder_ingest::suggestions::counted_form;
/// assert_eq!(counted_form("offset 21.45 pixel"), "offset X pixel");
/// ```
#[must_use]
pub fn counted_form(cleaned: &str) -> Cow<'_, str> {
    STEPS.iter().fold(Cow::Borrowed(cleaned), |line, (pattern, by)| replace_all(pattern, line, by))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_replaced_as_specified() {
        for (line, expected) in [
            ("offset 21.45 pixel", "offset X pixel"),
            ("offset 81px", "offset 81px"),
            ("x finished in 617ms.", "x finished."),
            ("a 1.5 2.5 b", "a X 2.5 b"),
            ("x leaked 3 windows y", "x leaked X window(s) y"),
            ("x leaked 3 window y", "x leaked 3 window y"),
            ("tab 12 bytes leaked", "tab X bytes leaked"),
            ("x value=12", "x value=*"),
            ("got 12, expected 13", "got X, expected Y"),
            ("at http://localhost:1234/x", "at http://localhost:X/x"),
        ] {
            assert_eq!(counted_form(line), expected, "{line:?}");
        }
    }
}
