//! Rulesets and limits.

use std::fs;

use crate::support::{folder, run, run_with_input, status, stderr, stdout};

#[test]
fn the_number_of_failure_lines_is_limited_as_asked() {
    let log: String = (0..60).map(|line| format!("abort: {line}\n")).collect();
    for (arguments, expected) in [
        (&[][..], 40),
        (&["--max-errors", "3"][..], 3),
        (&["-m", "none"][..], 60),
        (&["--rules=github-actions"][..], 0),
    ] {
        let output = run_with_input(arguments, log.as_bytes());
        assert_eq!(stdout(&output).lines().count(), expected, "{arguments:?}");
    }
    let output = run_with_input(&["--max-errors", "few"], log.as_bytes());
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("a number or `none`"), "{}", stderr(&output));
}

#[test]
fn rules_come_from_the_shipped_ones_or_from_a_file() {
    let folder = folder(&[
        ("mine.toml", b"name = \"mine\"\n[[failure]]\ntext = \"BOOM!\"\n"),
        ("bad.toml", b"name = \"bad\"\n\n[[failure]]\npattern = '('\n"),
        ("wrong.toml", b"name = \"wrong\"\nfailures = []\n"),
        (
            "build.log",
            b"BOOM! it went\n2026-11-20T09:14:03.1234567Z ##[error]Process completed with exit code 1.\n",
        ),
    ]);
    let cases = [
        (&["--rules", "mine.toml"][..], 1, "build.log:1: BOOM! it went\n", ""),
        (&["-r", "github-actions"][..], 1, "build.log:2: ##[error]Process completed with exit code 1.\n", ""),
        (&["--rules", "bad.toml"][..], 2, "", "rules file bad.toml: line 3: "),
        (&["--rules", "wrong.toml"][..], 2, "", "rules file wrong.toml: line 2: "),
        (&["--rules", "none.toml"][..], 2, "", "rules file none.toml: "),
        (
            &["--rules", "cobol"][..],
            2,
            "",
            "no shipped ruleset and no file has the name \"cobol\"; shipped rulesets: treeherder, ",
        ),
    ];
    for (arguments, expected_status, out, error) in cases {
        let output = run(folder.path(), &[arguments, &["build.log"]].concat());
        assert_eq!((status(&output), stdout(&output)), (expected_status, out), "{arguments:?}");
        assert!(stderr(&output).contains(error), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).is_empty(), error.is_empty());
    }
}

#[test]
fn several_rulesets_find_what_any_of_them_finds() {
    let log = "\
2026-11-20T09:14:03.1234567Z test sum ... FAILED
2026-11-20T09:14:03.2234567Z error: aborting due to 1 previous error
2026-11-20T09:14:03.3234567Z fine
2026-11-20T09:14:03.4234567Z ##[error]Process completed with exit code 1.
";
    let folder = folder(&[
        ("build.log", log.as_bytes()),
        ("mine.toml", b"name = \"mine\"\n[[failure]]\ntext = \"aborting due\"\n"),
        ("bad.toml", b"name = \"bad\"\n[[failure]]\npattern = '('\n"),
    ]);
    let [test, abort, failed] = [
        "build.log:1: test sum ... FAILED\n",
        "build.log:2: error: aborting due to 1 previous error\n",
        "build.log:4: ##[error]Process completed with exit code 1.\n",
    ];
    for (rulesets, expected) in [
        (&["cargo-test"][..], test.to_owned()),
        (&["github-actions", "cargo-test"], format!("{test}{failed}")),
        (&["cargo-test", "github-actions"], format!("{test}{failed}")),
        // A line that a ruleset excludes is lost for those behind it, and only for those.
        (&["cargo-test", "mine.toml"], test.to_owned()),
        (&["github-actions", "mine.toml", "cargo-test"], format!("{test}{abort}{failed}")),
    ] {
        let rules = rulesets.iter().flat_map(|ruleset| ["--rules", ruleset]);
        let output = run(folder.path(), &rules.chain(["build.log"]).collect::<Vec<_>>());
        assert_eq!((stdout(&output), stderr(&output)), (expected.as_str(), ""), "{rulesets:?}");
    }
    let output = run(folder.path(), &["--rules", "pytest", "--rules", "bad.toml", "build.log"]);
    assert!(stderr(&output).contains("rules file bad.toml: line 2: "), "{}", stderr(&output));
    assert_eq!(status(&output), 2);
}

#[test]
fn a_shown_ruleset_can_be_used_as_a_file() {
    let folder = folder(&[("test.log", b"test sum ... FAILED\ntest sum ... ok\n")]);
    let list = run(folder.path(), &["--list-rules"]);
    for name in ["treeherder", "github-actions", "pytest", "cargo-test", "go-test", "gcc", "gradle", "jest"] {
        assert!(stdout(&list).lines().any(|line| line.starts_with(&format!("{name} "))), "{name}");
    }
    let shown = run(folder.path(), &["--show-rules", "cargo-test"]);
    assert_eq!(status(&shown), 0);
    fs::write(folder.path().join("mine.toml"), &shown.stdout).unwrap();
    let output = run(folder.path(), &["--rules", "mine.toml", "test.log"]);
    assert_eq!(stdout(&output), "test.log:1: test sum ... FAILED\n");
    let unknown = run(folder.path(), &["--show-rules", "cobol"]);
    assert_eq!((status(&unknown), stdout(&unknown)), (2, ""));
}
