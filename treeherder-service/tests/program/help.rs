//! Help has examples, and wrong command lines are told from failures.

use crate::support::Place;

const COMMANDS: [&[&str]; 37] = [
    &[],
    &["serve"],
    &["demo"],
    &["migrate"],
    &["repositories"],
    &["repositories", "list"],
    &["repositories", "load"],
    &["replay"],
    &["ingest"],
    &["ingest", "task"],
    &["ingest", "push"],
    &["ingest", "pull-request"],
    &["ingest", "log"],
    &["queues"],
    &["queues", "dead"],
    &["queues", "show"],
    &["queues", "put-back"],
    &["queues", "discard"],
    &["doctor"],
    &["munin-plugin"],
    &["jobs"],
    &["failures"],
    &["release"],
    &["web"],
    &["worker"],
    &["scheduler"],
    &["schedule"],
    &["schedule", "list"],
    &["schedule", "run"],
    &["bridge"],
    &["bridge", "references"],
    &["pulse", "inspect"],
    &["services", "list"],
    &["supervise"],
    &["pulse_listener"],
    &["worker_misc"],
    &["worker-misc"],
];

#[test]
fn help_of_each_command_has_an_example() {
    let place = Place::new();
    for command in COMMANDS {
        let text = place.text(&[command, &["--help"]].concat());
        assert!(text.contains("Example") && text.contains("treeherder"), "{command:?}:\n{text}");
    }
}

#[test]
fn a_wrong_command_line_is_status_2_and_names_the_word() {
    let place = Place::new();
    for (args, word) in [
        (&["jobs", "--limit", "0"][..], "--limit"),
        (&["serve", "--listen", "8000"], "--listen"),
        (&["queues", "dead", "logparser"], "unknown queue \"logparser\""),
        (&["replay"], "<FILE>"),
        (&["replay", "--speed", "-1", "x"], "-1"),
        (&["--logging-level", "loud", "migrate"], "loud"),
    ] {
        let output = place.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(word), "{args:?}: {text}");
    }
}

#[test]
fn an_unknown_word_is_status_1_and_named() {
    let place = Place::new();
    for word in ["frobnicate", "worker_log_parsers"] {
        let output = place.run(&[word]);
        assert_eq!(output.status.code(), Some(1), "{word}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.starts_with(&format!("Unknown command: {word}\n")), "{text}");
    }
}

#[test]
fn secrets_of_the_environment_are_not_shown() {
    let place = Place::new();
    let mut command = place.command(&["serve", "--help"]);
    let output =
        command.env("GITHUB_TOKEN", "hunter2").env("DATABASE_URL", "postgres://u:hunter2@h/d").output();
    assert!(!String::from_utf8(output.unwrap().stdout).unwrap().contains("hunter2"));
}
