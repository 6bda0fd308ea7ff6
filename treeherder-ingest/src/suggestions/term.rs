//! What to search for (§6.5.4).

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::is_helpful;
use super::pattern::{pattern, replace_all};
use crate::store::error::truncated;

/// Longest term, in characters.
const LONGEST: usize = 100;

static LEAK: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+ bytes leaked \((.+)\)$|leak at (.+)$"));
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s+[=!]=\s+.*"));
static MARIONETTE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r".+marionette([_harness/]?).*/test_.+.py ([A-Za-z]+).+"));
static PREFIX: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(TEST-UNEXPECTED-\S+|PROCESS-CRASH)\s+\|\s+"));

/// What a line is searched by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchTerms {
    /// The terms, each searched for itself; none when the line says too little.
    pub terms: Vec<String>,
    /// Path of the test that the line names, if it names one.
    pub path_end: Option<String>,
}

impl SearchTerms {
    /// Takes the terms out of a cleaned line.
    ///
    /// ```
    /// # use treeherder_ingest::suggestions::SearchTerms;
    /// let found = SearchTerms::of_line("TEST-UNEXPECTED-FAIL | dom/foo.html | boom");
    /// assert_eq!((found.terms[0].as_str(), found.path_end.as_deref()), ("foo.html", Some("dom/foo.html")));
    /// ```
    #[must_use]
    pub fn of_line(cleaned: &str) -> Self {
        let mut path = None;
        let mut term = None;
        let tokens: Vec<&str> = cleaned.split(" | ").collect();
        if let [first, second, third, ..] = tokens[..] {
            let is_crash = first.contains("PROCESS-CRASH");
            let (name, message) = if is_crash { (third, second) } else { (second, third) };
            if let Some(leak) = leak(message) {
                term = Some(leak.to_owned());
            } else {
                let name = path_of_test(name);
                let file = name.rsplit('/').next().unwrap_or(&name);
                term = Some(if is_crash { message.to_owned() } else { file.to_owned() });
                path = Some(name);
            }
        }
        let term = match term.filter(|term| is_helpful(term)) {
            Some(term) => term,
            None if is_helpful(cleaned) => cleaned.to_owned(),
            None => {
                let path_end = path.filter(|path| path.is_empty() || path.contains('/'));
                return Self { terms: Vec::new(), path_end };
            }
        };
        let term = replace_all(&PREFIX, Cow::Borrowed(&term), "");
        let term = truncated(&term, LONGEST).to_owned();
        let before = term.split_once('?').map(|(before, _)| before.to_owned());
        Self { terms: std::iter::once(term).chain(before).collect(), path_end: path }
    }
}

fn leak(message: &str) -> Option<&str> {
    let mut captures = LEAK.create_captures();
    LEAK.captures(message, &mut captures);
    let found = captures.get_group(1).or_else(|| captures.get_group(2))?;
    Some(&message[found.range()])
}

/// Returns the path of a test as its name gives it: without the reference of a reftest and the method of a marionette
/// test.
fn path_of_test(name: &str) -> String {
    let name = replace_all(&REFERENCE, Cow::Borrowed(name), "").replace('\\', "/");
    if MARIONETTE.is_match(&name)
        && let Some((file, _)) = name.split_once(".py ")
    {
        return format!("{file}.py");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_paths_are_those_of_the_specification() {
        let marker = "Automation Error: Missing end of test marker (process crashed?)";
        for (line, terms, path) in [
            (
                "REFTEST PROCESS-CRASH | application crashed [@ jemalloc_crash] | \
                 http://10.0.2.2:8854/a/webgl-resize-test.html == http://10.0.2.2:8854/b.html?green.png",
                vec!["application crashed [@ jemalloc_crash]"],
                Some("http://10.0.2.2:8854/a/webgl-resize-test.html"),
            ),
            ("TEST-UNEXPECTED-FAIL | leakcheck | 13195 bytes leaked (A, B, ...)", vec!["A, B, ..."], None),
            (
                "TEST-UNEXPECTED-FAIL | leakcheck | default 12 bytes leaked (A, B) extra",
                vec!["leakcheck | default 12 bytes leaked (A, B) extra"],
                Some("leakcheck"),
            ),
            ("TEST-UNEXPECTED-FAIL | LeakSanitizer | leak at MakeUnique, X", vec!["MakeUnique, X"], None),
            (
                "TEST-UNEXPECTED-FAIL | remoteautomation.py | application timed out ...",
                vec!["remoteautomation.py | application timed out ..."],
                Some("remoteautomation.py"),
            ),
            (
                "TEST-UNEXPECTED-FAIL | frames/marionette/test_switch_frame.py TestSwitchFrame.test_x | m",
                vec!["test_switch_frame.py"],
                Some("frames/marionette/test_switch_frame.py"),
            ),
            (
                "INFO TEST-UNEXPECTED-TIMEOUT | /html/a/coep-navigate-popup.https.html?4-last | m",
                vec!["coep-navigate-popup.https.html?4-last", "coep-navigate-popup.https.html"],
                Some("/html/a/coep-navigate-popup.https.html?4-last"),
            ),
            (
                &format!("PROCESS-CRASH | {marker}"),
                vec![marker, "Automation Error: Missing end of test marker (process crashed"],
                None,
            ),
            (r"X | foo\bar\baz.js | m", vec!["baz.js"], Some("foo/bar/baz.js")),
            ("TEST-UNEXPECTED-FAIL | a/abc | x", vec!["a/abc | x"], Some("a/abc")),
            ("Return code: 1", vec![], None),
            ("abc", vec![], None),
            ("", vec![], None),
        ] {
            let found = SearchTerms::of_line(line);
            assert_eq!(found.terms, terms, "{line}");
            assert_eq!(found.path_end.as_deref(), path, "{line}");
        }
        let long = "ü".repeat(120);
        assert_eq!(SearchTerms::of_line(&long).terms, ["ü".repeat(100)]);
    }
}
