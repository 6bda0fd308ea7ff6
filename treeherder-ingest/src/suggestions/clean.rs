//! The line without what differs from run to run (§6.5.2).

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::pattern::{pattern, replace_all};

/// What is done after the first step, in this order.
static STEPS: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
    [
        (pattern(r"(?:PID \d+|GECKO\(\d+\)) \| +"), ""),
        // The dot is any character, as it always was.
        (pattern(r".cpp:[0-9]+"), ".cpp:X"),
        (pattern(r"\[Child [0-9]+, [a-zA-Z]+ Thread"), "[Child X, Y Thread"),
        (pattern(r"\[Parent [0-9]+, [a-zA-Z]+ Thread"), "[Parent X, Y Thread"),
        (pattern(r"^\[\d+\] +"), ""),
    ]
});

static PREFIX: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\d+:\d+:\d+[ ]+(?:DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL) - [ ]?"));

/// Removes the time and level before a line, numbers of processes and lines of source files.
///
/// ```
/// # use treeherder_ingest::suggestions::cleaned_line;
/// assert_eq!(cleaned_line("12:00:00     INFO - PID 12 | x"), "x");
/// ```
#[must_use]
pub fn cleaned_line(line: &str) -> Cow<'_, str> {
    let line = replace_all(&PREFIX, Cow::Borrowed(line), "");
    let mut line = match line {
        Cow::Borrowed(line) => Cow::Borrowed(line.trim_matches(is_blank)),
        Cow::Owned(line) => Cow::Owned(line.trim_matches(is_blank).to_owned()),
    };
    for (pattern, by) in STEPS.iter() {
        line = replace_all(pattern, line, by);
    }
    line
}

/// White space as Python has it, with four separators that Unicode does not call so.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cleaned_as_specified() {
        for (line, expected) in [
            ("12:00:00     INFO - PID 12 | x", "x"),
            ("GECKO(12) |  PID 3 | y", "y"),
            ("[12]  z", "z"),
            ("acpp:9", ".cpp:X"),
            ("[Child 12: Main Thread] x", "[Child 12: Main Thread] x"),
            ("[Child 12, Main Thread] x", "[Child X, Y Thread] x"),
            ("[Parent 12, IPDL Thread] x", "[Parent X, Y Thread] x"),
            (
                "17:22:43 INFO - PID 2944 | [6132] Assertion failure: foo, at DeviceManagerDx.cpp:1320",
                "Assertion failure: foo, at DeviceManagerDx.cpp:X",
            ),
            ("  x \u{1f}", "x"),
            ("", ""),
        ] {
            assert_eq!(cleaned_line(line), expected, "{line:?}");
        }
    }
}
