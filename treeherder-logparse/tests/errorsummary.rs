//! Error summaries: what each line says, where a file is cut off, and what ends it.

use std::{fs, io::Write as _, path::PathBuf};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use treeherder_logparse::Decoder;
use treeherder_logparse::errorsummary::{
    ColumnProblem, Counted, ErrorSummary, ErrorSummaryError, ErrorSummaryLine, ErrorSummaryReader,
    FailureAction, GroupRejection, GroupStatus, Options,
};

fn parse(file: &str) -> ErrorSummary {
    ErrorSummary::parse(file.as_bytes(), Options::default())
}

fn error(file: &str) -> String {
    parse(file).error.map_or_else(|| "none".to_owned(), |error| error.to_string())
}

fn log_lines(count: usize) -> String {
    (0..count).map(|line| format!("{{\"action\": \"log\", \"line\": {line}}}\n")).collect()
}

#[test]
fn a_failure_line_has_all_its_columns() {
    let file = r#"{"action": "crash", "line": 7, "test": "t", "subtest": "s", "status": "CRASH", "expected": "PASS",
 "message": "m 🍆", "signature": "[@ f]", "level": "ERROR", "stack": "a\nb", "stackwalk_stdout": "out",
 "stackwalk_stderr": "err", "known_intermittent": ["FAIL", "TIMEOUT"], "group": "g", "modifiers": "", "sub_test": "x"}"#;
    let summary = parse(&file.replace('\n', ""));
    assert_eq!(summary.error, None);
    let line = &summary.failure_lines[0];
    assert_eq!((line.action, line.line), (FailureAction::Crash, 7));
    assert_eq!(line.status, "CRASH");
    let columns = [
        (&line.test, "t"),
        (&line.subtest, "s"),
        (&line.expected, "PASS"),
        (&line.message, "m 🍆"),
        (&line.signature, "[@ f]"),
        (&line.level, "ERROR"),
        (&line.stack, "a\nb"),
        (&line.stackwalk_stdout, "out"),
        (&line.stackwalk_stderr, "err"),
    ];
    for (column, expected) in columns {
        assert_eq!(column.as_deref(), Some(expected));
    }
    assert_eq!(line.known_intermittent.as_str(), r#"["FAIL", "TIMEOUT"]"#);
}

#[test]
fn absent_columns_have_their_defaults_and_odd_values_are_kept() {
    let summary = parse(
        "{\"line\": 0, \"action\": \"log\"}\n{\"action\": \"log\", \"line\": 3.0, \"status\": null, \"message\": 5, \"test\": null, \"stack\": [1, \"a\"], \"subtest\": true}\n",
    );
    let [absent, odd] = &summary.failure_lines[..] else { panic!("{summary:?}") };
    assert_eq!((absent.line, &*absent.status, &absent.test), (0, "", &None));
    assert_eq!(absent.known_intermittent.as_str(), "[]");
    assert_eq!((odd.line, &*odd.status, &odd.test), (3, "", &None));
    assert_eq!(odd.message.as_deref(), Some("5"));
    assert_eq!(odd.stack.as_deref(), Some("[1, \"a\"]"));
    assert_eq!(odd.subtest.as_deref(), Some("true"));
}

#[test]
fn every_action_goes_its_way() {
    for action in ["test_result", "log", "crash", "truncated", "test_status", "test_end"] {
        let summary = parse(&format!("{{\"action\": \"{action}\", \"line\": 1}}\n"));
        assert_eq!(summary.failure_lines[0].action.name(), action);
        assert_eq!(FailureAction::from_name(action).unwrap().to_string(), action);
        assert_eq!(serde_json::to_value(&summary.failure_lines[0]).unwrap()["action"], action);
        assert!(!summary.truncated, "the file itself is whole");
    }
    let summary = parse(
        "{\"action\": \"test_groups\", \"groups\": [\"a\"]}\n{\"action\": \"dance\"}\n{\"action\": 5}\n",
    );
    assert_eq!(summary.error, None);
    assert_eq!(summary.failure_lines, []);
    let unknown: Vec<_> =
        summary.unknown_actions.iter().map(|line| (&*line.action, line.line_number)).collect();
    assert_eq!(unknown, [("dance", 2), ("5", 3)]);
}

#[test]
fn group_results_follow_their_rules() {
    let result = |keys: &str| {
        let summary = parse(&format!("{{\"action\": \"group_result\", \"group\": \"g\", {keys}}}\n"));
        assert_eq!(summary.error, None, "{keys}");
        let result = &summary.group_results[0];
        (result.status.code(), result.status_text.clone(), result.duration)
    };
    for (status, code) in [("OK", 1), ("ERROR", 2), ("SKIP", 3), ("TIMEOUT", 10), ("ok", 10), ("", 10)] {
        assert_eq!(result(&format!("\"status\": \"{status}\"")), (code, status.to_owned(), 0));
    }
    assert_eq!(result("\"status\": null"), (10, String::new(), 0));
    let durations = [
        ("0", 0),
        ("999", 0),
        ("1000", 1),
        ("1999.9", 1),
        ("7200000", 7200),
        ("7200000.9", 7200),
        ("7200001", 0),
        ("-1", 0),
        ("-0.5", 0),
        ("-5000", 0),
        ("true", 0),
        ("\"5000\"", 0),
        ("null", 0),
        ("[5000]", 0),
        ("NaN", 0),
        ("Infinity", 0),
        ("1e4", 10),
        ("99999999999999999999", 0),
    ];
    for (duration, seconds) in durations {
        assert_eq!(result(&format!("\"status\": \"OK\", \"duration\": {duration}")).2, seconds, "{duration}");
    }
}

#[test]
fn groups_with_names_that_cannot_be_stored_are_told_apart() {
    let parse_group = |name: &str| {
        parse(&format!("{{\"action\": \"group_result\", \"group\": \"{name}\", \"status\": \"OK\"}}\n"))
    };
    for name in ["a.ini:b.ini".to_owned(), "é".repeat(255)] {
        assert_eq!(parse_group(&name).group_results[0].group, name);
    }
    for (name, reason) in
        [("a\\\\b".to_owned(), GroupRejection::Backslash), ("é".repeat(256), GroupRejection::TooLong)]
    {
        let summary = parse_group(&name);
        assert_eq!(summary.rejected_groups[0].reason, reason);
        assert!(summary.group_results.is_empty() && summary.error.is_none());
    }
}

#[test]
fn the_line_behind_the_cut_off_is_marked_and_the_rest_is_not_read() {
    let cases = [(149, 149, false), (150, 150, false), (151, 151, true), (400, 151, true)];
    for (lines, taken, truncated) in cases {
        let summary = parse(&log_lines(lines));
        assert_eq!((summary.failure_lines.len(), summary.truncated), (taken, truncated), "{lines} lines");
        let marked: Vec<_> = summary
            .failure_lines
            .iter()
            .filter(|line| line.action == FailureAction::Truncated)
            .map(|line| line.line)
            .collect();
        assert_eq!(marked, if truncated { vec![150] } else { vec![] });
    }
    let garbage_behind = format!("{}not even JSON\n", log_lines(151));
    assert_eq!(error(&garbage_behind), "none");

    // All lines count, and whatever stands there becomes the mark, its other fields untouched.
    let group = "{\"action\": \"group_result\", \"line\": 9, \"group\": \"g\", \"status\": \"OK\"}\n";
    let groups =
        ErrorSummary::parse(group.repeat(4).as_bytes(), Options { cut_off: 2, ..Options::default() });
    assert_eq!((groups.group_results.len(), groups.failure_lines.len()), (2, 1));
    assert_eq!((groups.failure_lines[0].line, &*groups.failure_lines[0].status), (9, "OK"));
    assert_eq!(groups.failure_lines[0].action, FailureAction::Truncated);
}

#[test]
fn counting_failure_lines_only_keeps_the_group_results() {
    let options = Options { cut_off: 3, counted: Counted::FailureLines, ..Options::default() };
    let file = format!(
        "{{\"action\": \"test_groups\"}}\n{}{}",
        log_lines(10),
        "{\"action\": \"group_result\", \"group\": \"g\", \"status\": \"OK\"}\n".repeat(20)
    );
    let summary = ErrorSummary::parse(file.as_bytes(), options);
    let actions: Vec<_> = summary.failure_lines.iter().map(|line| line.action.name()).collect();
    assert_eq!(actions, ["log", "log", "log", "truncated"]);
    assert_eq!((summary.group_results.len(), summary.truncated), (20, true));

    let exact = ErrorSummary::parse(log_lines(3).as_bytes(), options);
    assert!(!exact.truncated && exact.failure_lines.len() == 3);
}

#[test]
fn a_line_that_cannot_be_read_ends_the_file_and_is_named() {
    let good = "{\"action\": \"log\", \"line\": 1}";
    let cases = [
        ("nonsense", "line 2 (at byte 29): not JSON: expected a value at byte 0 of the line"),
        ("", "line 2 (at byte 29): not JSON: the text ends where a value was expected at byte 0 of the line"),
        ("[1]", "line 2 (at byte 29): expected an object, found an array"),
        ("{}", "line 2 (at byte 29): the key \"action\" is missing"),
        ("{\"line\": 1}", "line 2 (at byte 29): the key \"action\" is missing"),
        ("{\"action\": null}", "line 2 (at byte 29): the key \"action\" is missing"),
        ("{\"action\": \"log\"}", "line 2 (at byte 29): the key \"line\" is missing"),
        (
            "{\"action\": \"log\", \"line\": -1}",
            "line 2 (at byte 29): the value of \"line\" is not an integer from 0 to 2147483647: -1",
        ),
        (
            "{\"action\": \"log\", \"line\": 2147483648}",
            "line 2 (at byte 29): the value of \"line\" is not an integer from 0 to 2147483647: 2147483648",
        ),
        (
            "{\"action\": \"log\", \"line\": \"7\"}",
            "line 2 (at byte 29): the value of \"line\" is not an integer from 0 to 2147483647: \"7\"",
        ),
        (
            "{\"action\": \"log\", \"line\": 1, \"known_intermittent\": [NaN]}",
            "line 2 (at byte 29): the value of \"known_intermittent\" contains NaN, which is not a finite number",
        ),
        (
            "{\"action\": \"group_result\", \"status\": \"OK\"}",
            "line 2 (at byte 29): the key \"group\" is missing",
        ),
        (
            "{\"action\": \"log\", \"line\": 1} {}",
            "line 2 (at byte 29): not JSON: text after the end of the value at byte 29 of the line",
        ),
    ];
    for (line, message) in cases {
        let summary = parse(&format!("{good}\n{line}\n{good}\n"));
        assert_eq!(summary.error.as_ref().map(ToString::to_string).as_deref(), Some(message), "{line}");
        assert_eq!(summary.failure_lines.len(), 1, "what came before is kept, what follows is not: {line}");
    }
}

#[test]
fn lines_end_at_lf_and_cr_lf_only() {
    let message = |text: &str| format!("{{\"action\": \"log\", \"line\": 1, \"message\": \"{text}\"}}");
    let odd = "a\u{85}b\u{2028}c\u{2029}d";
    let file = format!("{}\r\n{}\n{}", message("1"), message(odd), message("last"));
    let messages: Vec<_> = parse(&file).failure_lines.into_iter().filter_map(|line| line.message).collect();
    assert_eq!(messages, ["1", odd, "last"]);
    assert_eq!(parse(""), ErrorSummary::default());
}

#[test]
fn text_is_utf_8_and_what_is_not_is_replaced() {
    let mut file = b"{\"action\": \"log\", \"line\": 1, \"message\": \"".to_vec();
    file.extend_from_slice("é🍆".as_bytes());
    file.extend_from_slice(b"\xff\\ud83d\"}\n");
    let summary = ErrorSummary::parse(&file, Options::default());
    assert_eq!(summary.failure_lines[0].message.as_deref(), Some("é🍆\u{fffd}\u{fffd}"));
}

#[test]
fn lines_are_bounded() {
    let line = "{\"action\": \"log\", \"line\": 1}";
    let options = Options { max_line_bytes: line.len(), ..Options::default() };
    let long = format!("{line} ");
    for (file, fault) in [
        (format!("{line}\r\n{line}\n{line}"), None),
        (format!("{line}\n{long}\n"), Some("longer than 28 bytes")),
        (format!("{line}\r\n{long}\r\n"), Some("longer than 28 bytes")),
        (format!("{line}\n{long}"), Some("longer than 28 bytes")),
    ] {
        let found = ErrorSummary::parse(file.as_bytes(), options).error;
        assert_eq!(found.as_ref().map(|error| error.fault.to_string()).as_deref(), fault, "{file:?}");
        assert!(found.is_none_or(|error| error.line_number == 2));
    }
    // A line without end is refused long before it is over.
    let mut reader = ErrorSummaryReader::new(options);
    let endless = [b'['; 16];
    let refused = (0..1000).find(|_| reader.feed(&endless, |_| {}).is_err());
    assert_eq!(refused, Some(1));
    assert!(reader.is_done());
    assert_eq!(reader.feed(b"{}\n", |_| panic!("the file is over")), Ok(()));
}

#[test]
fn a_reader_says_when_the_rest_is_not_needed() {
    let mut reader = ErrorSummaryReader::new(Options { cut_off: 1, ..Options::default() });
    let mut lines = 0;
    for (count, done) in [(1, false), (2, true), (2, true)] {
        reader.feed(log_lines(1).as_bytes(), |_| lines += 1).unwrap();
        assert_eq!((lines, reader.is_done(), reader.lines()), (count, done, count));
    }
    reader.finish(|_| panic!("nothing is left")).unwrap();
    assert!(reader.is_truncated());
}

#[test]
fn columns_that_cannot_be_stored_are_named() {
    let problem = |keys: &str| {
        parse(&format!("{{\"action\": \"log\", \"line\": 1, {keys}}}\n")).failure_lines[0].column_problem()
    };
    let edge = "é".repeat(19);
    let over = "é".repeat(20);
    for column in ["status", "expected", "level"] {
        assert_eq!(problem(&format!("\"{column}\": \"{edge}\"")), None);
        let found = problem(&format!("\"{column}\": \"{over}\"")).unwrap();
        assert_eq!(found.to_string(), format!("\"{column}\" is 20 characters long, the column holds 19"));
    }
    assert_eq!(problem(&format!("\"message\": \"{}\"", over.repeat(1000))), None);
    let nul = problem("\"stack\": \"a\\u0000b\"").unwrap();
    assert!(matches!(nul, ColumnProblem::Nul { column: "stack", .. }));
}

#[test]
fn deep_and_long_lines_do_no_harm() {
    let deep = format!("{{\"action\": \"log\", \"line\": 1, \"x\": {}\n", "[".repeat(100_000));
    assert!(error(&deep).contains("nested more than 100 levels deep"));
    let long =
        format!("{{\"action\": \"log\", \"line\": 1, \"stack\": \"{}\"}}\n", "frame\\n".repeat(700_000));
    assert_eq!(parse(&long).failure_lines[0].stack.as_ref().map(String::len), Some(4_200_000));
    assert_eq!(parse(&"\u{1}".repeat(1_000_000)).error.map(|error| error.line_number), Some(1));
}

fn conformance() -> Option<PathBuf> {
    let root = std::env::var_os("TREEHERDER_CONFORMANCE_DIR").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance").into(),
        PathBuf::from,
    );
    let folder = root.join("errorsummary");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

#[test]
fn real_files_give_the_expected_counts() {
    let Some(folder) = conformance() else { return };
    // File, failure lines, groups OK, groups ERROR.
    let counts = [
        ("mochitest-browser-chrome_errorsummary.log", 5, 26, 3),
        ("plain-chunked_errorsummary.log", 1, 0, 0),
        ("plain-chunked_errorsummary_10_lines.log", 10, 0, 0),
        ("xpcshell-errorsummary-with-colon.log", 0, 5, 0),
    ];
    for (name, failures, ok, errors) in counts {
        let file = fs::read(folder.join(name)).unwrap();
        let summary = ErrorSummary::parse(&file, Options::default());
        let groups = |status| summary.group_results.iter().filter(|result| result.status == status).count();
        assert_eq!(summary.failure_lines.len(), failures, "{name}");
        assert_eq!((groups(GroupStatus::Ok), groups(GroupStatus::Error)), (ok, errors), "{name}");
        assert_eq!(summary.group_results.len(), ok + errors, "{name}");
        assert!(
            summary.error.is_none() && summary.unknown_actions.is_empty() && !summary.truncated,
            "{name}"
        );
    }
    let file = fs::read(folder.join("mochitest-browser-chrome_errorsummary.log")).unwrap();
    let summary = ErrorSummary::parse(&file, Options::default());
    assert_eq!(summary.group_results[0].group, "dom/base/test/browser.ini");
    let timed = summary.group_results.iter().filter(|result| result.duration > 0).count();
    assert_eq!((timed, summary.group_results.len() - timed), (27, 2));

    let file = fs::read(folder.join("plain-chunked_errorsummary_10_lines.log")).unwrap();
    let cut = ErrorSummary::parse(&file, Options { cut_off: 5, ..Options::default() });
    let truncated = cut.failure_lines.iter().filter(|line| line.action == FailureAction::Truncated).count();
    assert_eq!((cut.failure_lines.len(), truncated), (6, 1));

    let file = fs::read(folder.join("xpcshell-errorsummary-with-colon.log")).unwrap();
    let summary = ErrorSummary::parse(&file, Options::default());
    assert!(summary.group_results[0].group.contains(".ini:"), "names with colons are kept whole");
}

#[test]
fn real_files_are_the_same_in_chunks_of_any_size_compressed_or_not() {
    let Some(folder) = conformance() else { return };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = fs::read(&path).unwrap();
        let whole = in_chunks(&file, &[usize::MAX], Options::default());
        let all = ErrorSummary::parse(&file, Options::default());
        let failures = whole.0.iter().filter(|line| matches!(line, ErrorSummaryLine::Failure(_))).count();
        assert_eq!(failures, all.failure_lines.len(), "{}", path.display());
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&file).unwrap();
        let compressed = encoder.finish().unwrap();
        for size in [1, 7, 512, 65536] {
            let what = format!("{} in {size}", path.display());
            assert_eq!(in_chunks(&file, &[size], Options::default()), whole, "{what}");

            let mut reader = ErrorSummaryReader::new(Options::default());
            let mut lines = Vec::new();
            let mut decoder = Decoder::new();
            for chunk in compressed.chunks(size) {
                decoder.push(chunk, &mut |text| reader.feed(text, |line| lines.push(line)).unwrap()).unwrap();
            }
            decoder.finish(&mut |text| reader.feed(text, |line| lines.push(line)).unwrap());
            reader.finish(|line| lines.push(line)).unwrap();
            assert_eq!(lines, whole.0, "{what}, compressed");
        }
    }
}

/// Feeds the file in chunks of these lengths, over and over.
fn in_chunks(
    file: &[u8],
    lengths: &[usize],
    options: Options,
) -> (Vec<ErrorSummaryLine>, Option<ErrorSummaryError>) {
    let mut reader = ErrorSummaryReader::new(options);
    let mut lines = Vec::new();
    let mut rest = file;
    let mut error = None;
    for length in lengths.iter().cycle() {
        let (chunk, behind) = rest.split_at((*length).min(rest.len()));
        rest = behind;
        error = error.or(reader.feed(chunk, |line| lines.push(line)).err());
        if rest.is_empty() {
            break;
        }
    }
    let finished = reader.finish(|line| lines.push(line)).err();
    (lines, error.or(finished))
}

proptest! {
    #[test]
    fn chunks_make_no_difference(
        pieces in proptest::collection::vec(0usize..9, 0..20),
        lengths in proptest::collection::vec(1usize..50, 1..6),
        cut_off in 0u64..8,
        failures_only: bool,
        max_line_bytes in 20usize..120,
    ) {
        let words = [
            "{\"action\": \"log\", \"line\": 1}", "\n", "\r\n", "\r",
            "{\"action\": \"test_result\", \"line\": 2, \"message\": \"é🍆\", \"duration\": 5}\n",
            "{\"action\": \"group_result\", \"group\": \"a.toml\", \"status\": \"OK\", \"line\": 3}\n",
            "{\"action\": \"test_groups\", \"groups\": [\"a\"]}\r\n", "{\"action\": \"new\", \"line\": 4}\n", "broken\n",
        ];
        let file: String = pieces.iter().map(|piece| words[*piece]).collect();
        let counted = if failures_only { Counted::FailureLines } else { Counted::EveryLine };
        let options = Options { cut_off, counted, max_line_bytes };
        let whole = in_chunks(file.as_bytes(), &[usize::MAX], options);
        prop_assert_eq!(in_chunks(file.as_bytes(), &lengths, options), whole);
    }

    #[test]
    fn no_file_is_too_odd(file: Vec<u8>) {
        let _ = ErrorSummary::parse(&file, Options::default());
    }
}
