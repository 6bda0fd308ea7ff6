//! The signature in the line of a crash (§6.5.5).

use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::is_helpful;
use super::pattern::pattern;

static CRASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"^.+ application crashed \[@ (.+)\] \|.+"));

/// Returns the signature of the crash that a cleaned line tells of, if one can search for it.
///
/// ```
/// # use treeherder_ingest::suggestions::crash_signature;
/// let line = "PROCESS-CRASH | a.html | application crashed [@ foo::bar] | b";
/// assert_eq!(crash_signature(line), Some("foo::bar"));
/// ```
#[must_use]
pub fn crash_signature(cleaned: &str) -> Option<&str> {
    let mut captures = CRASH.create_captures();
    CRASH.captures(cleaned, &mut captures);
    let signature = &cleaned[captures.get_group(1)?.range()];
    is_helpful(signature).then_some(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_found_as_specified() {
        for (line, expected) in [
            ("x application crashed [@ foo] | y [@ z] | w", Some("foo] | y [@ z")),
            ("x application crashed [@ mozalloc_abort] | y", None),
            ("x application crashed [@ abc] | y", None),
            ("application crashed [@ foo::bar] | y", None),
            ("x application crashed [@ foo::bar] |", None),
        ] {
            assert_eq!(crash_signature(line), expected, "{line}");
        }
    }
}
