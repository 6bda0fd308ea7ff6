//! The measured vectors of `spec/ingest.md` §5.5.3, through the parser, with every set of instructions.
#![allow(clippy::unwrap_used, reason = "test code outside of the tests' own functions")]

mod support;

use std::sync::LazyLock;

use support::found::parse;
use treeherder_logparse::{Parser, Rules, Ruleset, Simd};

/// Treeherder's rules with each set of instructions that this CPU has.
static RULES: LazyLock<Vec<(Simd, Rules)>> = LazyLock::new(|| {
    let ruleset = Ruleset::builtin("treeherder").unwrap();
    Simd::available().map(|simd| (simd, Rules::compile_for(&ruleset, simd).unwrap())).collect()
});

/// Parses a log by Treeherder's rules and checks that no set of instructions and no cut changes the result.
fn failures(log: &[u8]) -> Vec<(u64, String)> {
    let mut first = None;
    for (simd, rules) in RULES.iter() {
        for lengths in [&[usize::MAX][..], &[1], &[5]] {
            let found = parse(Parser::builder().rules(rules.clone()).build(), log, lengths).failures();
            assert_eq!(first.get_or_insert_with(|| found.clone()), &found, "{simd} in {lengths:?}");
        }
    }
    first.into_iter().flatten().map(|(number, _, text)| (number, text)).collect()
}

const FAILURES: &[&str] = &[
    "make: *** [x] Error",
    "12:00:00     INFO - make: *** x",
    "fooError: x",
    "foo.bar.BazError: x",
    "Exception: x",
    "x error(): y",
    "x error(12): y",
    "a.c:12: error: z",
    "x error C2065: y",
    "x error RC1: y",
    "ERROR 404: x",
    "mozmake.exe: *** x",
    "mozmake.EXE[3]: *** x",
    "TEST-INFO|TEST-UNEXPECTED-FAIL",
    "fatal error",
    "INFO Gecko TEST-UNEXPECTED-FAIL",
    "x TEST-UNEXPECTED-WARNING | a",
    "TEST-UNEXPECTED-WARNINGS | a",
    "org.TimeoutException: y",
    "Assertion failure: x",
    "Assertion fail",
    "1:2:3 ERROR - x",
    "[taskcluster] Error: x",
    "[taskcluster:error] x",
    "[  FAILED  ] x",
    "12:00:00 ERROR - non-fatal error",
];

const NO_FAILURES: &[&str] = &[
    " make: *** x",
    "12:00:00     INFO -make: *** x",
    "Error: x",
    "foo_barError: x",
    "Exception:",
    "07:42:02     INFO -  Exception:",
    "x error(a): y",
    "a.c:12:error:",
    "x error R: y",
    "x error: y",
    "ERROR 404 x",
    "ERROR 304: x",
    "mozmake.Exe: *** x",
    "TEST-INFO | TEST-UNEXPECTED-FAIL",
    "TEST-PASS x fatal error",
    "Fatal error",
    "I/Gecko x TEST-UNEXPECTED-FAIL",
    "I Gecko TEST-UNEXPECTED-FAIL",
    "TEST-UNEXPECTED-WARNING | a",
    "TimeoutException: x",
    "TimeoutException:x",
    "Assertion failure",
    "Assertion failure  \t",
    "1:2:3 ERROR -",
    "1:2:3 WARNING - x",
    "[taskcluster:info] Starting task",
    "[a b:error] x",
    "[:error]",
    "[  FAILED  ]",
    "###!!! ASSERTION: x",
    "hit moz_crash",
    "Unsuccessful task run with exit code: 1",
    "12:00:00 ERROR - TEST-PASS | x",
    "wget: unable",
    "01:22:41     INFO -  ImportError: No module named pygtk",
    "01:22:41     INFO -  ImportError: No module named pygtk\r",
];

#[test]
fn each_line_is_judged_as_measured() {
    for line in FAILURES {
        assert_eq!(failures(line.as_bytes()), [(0, (*line).to_owned())], "{line}");
        assert_eq!(failures(format!("ok\r\n{line}\r\nok\n").as_bytes()), [(1, (*line).to_owned())], "{line}");
    }
    for line in NO_FAILURES {
        assert_eq!(failures(line.as_bytes()), [], "{line}");
        assert_eq!(failures(format!("ok\r\n{line}\r\nok\n").as_bytes()), [], "{line}");
    }
}

/// All in one log, so that the lines stand in one block and the limit doesn't interfere.
#[test]
fn all_lines_together_are_judged_as_each_alone() {
    let lines: Vec<&str> = FAILURES.iter().zip(NO_FAILURES).flat_map(|(yes, no)| [*yes, *no]).collect();
    let found = failures(lines.join("\n").as_bytes());
    let expected: Vec<_> =
        FAILURES.iter().enumerate().map(|(index, line)| (2 * index as u64, (*line).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_a_line_ends_with_is_kept_unless_it_is_white_space() {
    assert_eq!(failures(b"1:2:3 ERROR - "), [(0, "1:2:3 ERROR -".to_owned())]);
    assert_eq!(failures("abort: x\u{a0}\u{1f}\u{3000} ".as_bytes()), [(0, "abort: x".to_owned())]);
    assert_eq!(failures("abort: x\u{200b}".as_bytes()), [(0, "abort: x\u{200b}".to_owned())]);
}

#[test]
fn prefixes_go_once_the_log_is_taskclusters() {
    for (line, stored) in [
        ("[task 2016-08-18T17:50:56.955523Z] abort: x", Some("abort: x")),
        ("[2016- task] abort: x", Some("abort: x")),
        ("[taskcluster 2016-09-09 17:41:43.544Z] abort: x", Some("abort: x")),
        ("[taskcluster:error] abort: x", Some("[taskcluster:error] abort: x")),
        ("[taskcluster:something 2016-] abort: x", None),
        ("[vcs 2016-]abort: x", None),
        ("[x 1999-01] abort: x", None),
        ("[x 2016-01]\u{a0}abort: x", Some("abort: x")),
        ("[x 2016-01]  abort: x", None),
        ("[a][b 2016-01] abort: x", None),
        (
            "[vcs 2016-09-07T19:03:02.188327Z] 23:57:52 ERROR - Return code: 1",
            Some("23:57:52 ERROR - Return code: 1"),
        ),
    ] {
        let log = format!("[taskcluster 2016] starts\n\n\n\n\n\n\n{line}\n");
        let stored: Vec<_> = stored.map(|text| (7, text.to_owned())).into_iter().collect();
        assert_eq!(failures(log.as_bytes()), stored, "{line}");
    }
    for line in
        ["[vcs 2016-09-07T19:03:02.188327Z] 23:57:52 ERROR - Return code: 1", "[task 2016-08] abort: x"]
    {
        assert_eq!(failures(line.as_bytes()), [], "without the flag: {line}");
    }
    // The line that sets the flag is stripped itself, and the flag is never cleared.
    let log = b"[taskcluster 2016-01] abort: a\nother\n[task 2016-01] abort: b\n";
    assert_eq!(failures(log), [(0, "abort: a".to_owned()), (2, "abort: b".to_owned())]);
}

#[test]
fn a_failure_line_is_dropped_only_when_it_repeats_the_last_one() {
    let numbers: Vec<u64> = failures(b"abort: a\nok\nabort: a  \nabort: b\nabort: a\n")
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    assert_eq!(numbers, [0, 3, 4]);
}

#[test]
fn forty_are_reported_and_no_more() {
    let log: String = (0..60).map(|number| format!("abort: {number}\n")).collect();
    let found = failures(log.as_bytes());
    assert_eq!(found.len(), 40);
    assert_eq!(found[39], (39, "abort: 39".to_owned()));
}

/// The cut comes before the prefix goes, so that a stored line may be shorter than 500.
#[test]
fn lines_are_cut_to_500_characters_before_anything_else() {
    let log = format!("[taskcluster x]\n[x 2016-01] abort: {}\n", "é".repeat(600));
    let found = failures(log.as_bytes());
    assert_eq!(found[0].1.chars().count(), 500 - "[x 2016-01] ".len());
    assert_eq!(failures(format!("{} fatal error", "x".repeat(489)).as_bytes()), []);
    assert_eq!(failures(format!("{} fatal error", "x".repeat(488)).as_bytes()).len(), 1);
    assert_eq!(failures(format!("PERFHERDER_DATA {} fatal error", "x".repeat(600)).as_bytes()).len(), 1);
}
