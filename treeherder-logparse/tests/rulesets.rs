//! The shipped rulesets on logs as their tools print them, and what a person is told about a mistake in a ruleset.
#![allow(clippy::unwrap_used, reason = "this is all test code")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use treeherder_logparse::{Event, Parser, Rules, Ruleset, builtin_names};

/// One log with the failure lines expected in it.
struct Case {
    ruleset: String,
    path: PathBuf,
    log: String,
    expected: String,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rulesets");
    let mut cases = Vec::new();
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "log") {
                let read = |path: &Path| fs::read_to_string(path).unwrap().replace('␛', "\x1b");
                cases.push(Case {
                    ruleset: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                    log: read(&path),
                    expected: read(&path.with_extension("expected")),
                    path,
                });
            }
        }
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    cases
}

/// Lists the failure lines of a log, one `LINENUMBER: TEXT` a line.
fn found(rules: &Rules, log: &str, chunk: usize) -> String {
    let mut list = String::new();
    let mut parser = Parser::builder().rules(rules.clone()).max_failure_lines(None).build();
    let mut on_event = |event: Event<'_>| {
        if let Event::Failure(line) = event {
            writeln!(list, "{}: {}", line.line_number, line.text).unwrap();
        }
    };
    for chunk in log.as_bytes().chunks(chunk) {
        parser.feed(chunk, &mut on_event);
    }
    parser.finish(&mut on_event);
    list
}

fn rules_of(case: &Case) -> Rules {
    Rules::builtin(&case.ruleset).unwrap_or_else(|| panic!("no ruleset {}", case.ruleset))
}

#[test]
fn each_log_gives_its_failure_lines_and_no_other() {
    for case in cases() {
        let rules = rules_of(&case);
        for chunk in [usize::MAX, 4096, 7] {
            let found = found(&rules, &case.log, chunk.min(case.log.len()));
            assert_eq!(found, case.expected, "{} in chunks of {chunk}", case.path.display());
        }
    }
}

#[test]
fn every_ruleset_but_treeherders_has_logs_here() {
    let cases = cases();
    for name in builtin_names().filter(|name| *name != "treeherder") {
        assert!(cases.iter().any(|case| case.ruleset == name), "no log for ruleset {name}");
    }
    assert!(cases.iter().all(|case| builtin_names().any(|name| name == case.ruleset)));
}

#[test]
fn every_rule_is_needed_by_some_log() {
    let cases = cases();
    for name in builtin_names().filter(|name| *name != "treeherder") {
        let ruleset = Ruleset::builtin(name).unwrap();
        let logs: Vec<_> = cases.iter().filter(|case| case.ruleset == name).collect();
        for index in 0..ruleset.stages[0].failure.len() {
            let mut alone = ruleset.clone();
            let rule = alone.stages[0].failure.swap_remove(index);
            alone.stages[0].failure = vec![rule.clone()];
            let rules = Rules::compile(&alone).unwrap();
            let finds = logs.iter().any(|case| !found(&rules, &case.log, 4096).is_empty());
            assert!(finds, "{name}: no log has a line for {rule:?}");
        }
        for index in 0..ruleset.stages[0].exclude.len() {
            let mut without = ruleset.clone();
            let rule = without.stages[0].exclude.remove(index);
            let rules = Rules::compile(&without).unwrap();
            let changes = logs.iter().any(|case| found(&rules, &case.log, 4096) != case.expected);
            assert!(changes, "{name}: no log needs the exclusion {rule:?}");
        }
    }
}

#[test]
fn prefixes_of_ci_services_change_nothing() {
    let prefixes = [
        "2026-11-20T09:14:03.1234567Z ",
        "\u{feff}2026-11-20T09:14:03.1234567Z ",
        "build (stable)\tRun tests\t2026-11-20T09:14:03.1234567Z ",
        "2026-11-20T09:14:03.123456Z 01O ",
        "2026-11-20T09:14:03.123456Z 00E+",
        "[2026-11-20T09:14:03.123Z] ",
    ];
    let plain: Vec<_> = cases().into_iter().filter(|case| !case.log.contains("2026-11-20T09:14:0")).collect();
    assert!(plain.len() >= 5);
    for case in plain {
        for prefix in prefixes {
            let log: String = case.log.lines().map(|line| format!("{prefix}{line}\n")).collect();
            let found = found(&rules_of(&case), &log, 4096);
            assert_eq!(found, case.expected, "{} with {prefix:?}", case.path.display());
        }
    }
}

#[test]
fn a_shipped_ruleset_can_be_read_changed_and_used() {
    let text = Ruleset::builtin_toml("pytest").unwrap();
    let mut ruleset = Ruleset::from_toml(text).unwrap();
    ruleset.stages[0].failure.push(treeherder_logparse::Rule::text("SLOWEST TEST"));
    let rules = Rules::compile(&ruleset).unwrap();
    assert!(rules.is_failure("SLOWEST TEST tests/test_boil.py"));
    assert!(rules.is_failure("FAILED tests/test_boil.py::test_boils"));
    assert!(!Rules::builtin("pytest").unwrap().is_failure("SLOWEST TEST tests/test_boil.py"));
}

#[test]
fn a_mistake_in_a_ruleset_is_told_with_its_line() {
    let cases = [
        ("not TOML", "name = \"mine\"\nmax-line-chars = five\n", 2),
        ("unknown key", "name = \"mine\"\n\nmax-lines = 3\n", 3),
        ("wrong type", "name = \"mine\"\nperformance = \"yes\"\n", 2),
        ("negative number", "name = \"mine\"\n\n\nmax-failure-lines = -1\n", 4),
        ("text and pattern", "name = \"mine\"\n[[failure]]\ntext = \"abc\"\npattern = 'abc'\n", 2),
        (
            "bad pattern",
            "name = \"mine\"\n[[failure]]\ntext = \"abort\"\n\n[[failure]]\npattern = 'error: ('\n",
            5,
        ),
        (
            "pattern without literal",
            "name = \"mine\"\nfailure = [\n    { text = \"abort\" },\n    { pattern = '\\d+' },\n]\n",
            4,
        ),
        ("too short a text", "name = \"mine\"\nfailure = [\n    { text = \"ab\" },\n]\n", 3),
        ("bad exclusion", "name = \"mine\"\n[[failure]]\ntext = \"abort\"\n[[exclude]]\npattern = '['\n", 4),
        (
            "prefix not anchored",
            "name = \"mine\"\n[[failure]]\ntext = \"abort\"\n[[strip]]\npattern = '\\d+ '\n",
            4,
        ),
        ("rule of a stage", "name = \"mine\"\n[[stage]]\nfailure = [\n    { pattern = 'fatal[' },\n]\n", 4),
    ];
    for (what, toml, line) in cases {
        let error = Ruleset::from_toml(toml).and_then(|ruleset| Rules::compile(&ruleset)).expect_err(what);
        assert_eq!(error.line(), Some(line), "{what}: {error}");
        assert!(error.to_string().starts_with(&format!("line {line}: ")), "{what}: {error}");
    }
}
