//! The `logparse` program, run as people run it.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "this is all test code")]

mod support;

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A log with two failure lines (the 3rd and the 5th line), performance data and a coloured line.
const LOG: &str = "\
[taskcluster 2026-11-20T09:14:03.000Z] Task ID: abc
[task 2026-11-20T09:14:03.100Z] building
[task 2026-11-20T09:14:03.200Z] make: *** [all] Error 2
[task 2026-11-20T09:14:03.300Z] 09:14:03     INFO -  PERFHERDER_DATA: {\"framework\": {\"name\": \"build_metrics\"}, \"suites\": [{\"name\": \"size\", \"value\": 3, \"subtests\": []}]}
[task 2026-11-20T09:14:03.400Z] \x1b[31mPROCESS-CRASH\x1b[0m | a.html
[task 2026-11-20T09:14:03.500Z] done
";

fn logparse() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logparse"));
    command.stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

/// Runs with arguments in a folder.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    logparse().current_dir(folder).args(arguments).output().unwrap()
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = logparse()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// The JSON objects that were printed, one a line.
fn objects(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[test]
fn failure_lines_are_told_with_file_and_line_from_1() {
    let folder = folder(&[("build.log", LOG.as_bytes())]);
    let output = run(folder.path(), &["build.log"]);
    assert_eq!(
        stdout(&output),
        "build.log:3: make: *** [all] Error 2\nbuild.log:5: PROCESS-CRASH | a.html\n"
    );
    assert_eq!((stderr(&output), status(&output)), ("", 1));
}

#[test]
fn the_exit_status_is_0_without_failure_lines() {
    let folder = folder(&[("good.log", b"all is well\n"), ("empty.log", b"")]);
    let output = run(folder.path(), &["good.log", "empty.log"]);
    assert_eq!((stdout(&output), stderr(&output), status(&output)), ("", "", 0));
}

#[test]
fn gzip_is_found_out_by_content_and_the_standard_input_is_read() {
    let expected = "<stdin>:3: make: *** [all] Error 2\n<stdin>:5: PROCESS-CRASH | a.html\n";
    for input in [gzip(LOG), LOG.as_bytes().to_vec(), [gzip(&LOG[..100]), gzip(&LOG[100..])].concat()] {
        for arguments in [&[][..], &["-"][..]] {
            let output = run_with_input(arguments, &input);
            assert_eq!((stdout(&output), stderr(&output), status(&output)), (expected, "", 1));
        }
    }
}

#[test]
fn json_has_one_object_for_each_input_with_lines_from_0() {
    let folder = folder(&[("build.log.gz", &gzip(LOG)), ("good.log", b"all is well\nno end")]);
    let output = run(folder.path(), &["--format", "json", "build.log.gz", "good.log"]);
    let first = LOG.find("[task 2026-11-20T09:14:03.200Z]").unwrap();
    let second = LOG.find("[task 2026-11-20T09:14:03.400Z]").unwrap();
    let expected = [
        json!({
            "source": "build.log.gz",
            "errors": [
                {"linenumber": 2, "line": "make: *** [all] Error 2", "offset": first},
                {"linenumber": 4, "line": "\u{1b}[31mPROCESS-CRASH\u{1b}[0m | a.html", "offset": second},
            ],
            "performance_data": [{
                "framework": {"name": "build_metrics"},
                "suites": [{"name": "size", "value": 3, "subtests": []}],
            }],
            "problems": [],
            "lines": 6,
            "bytes": LOG.len(),
            "truncated": false,
        }),
        json!({
            "source": "good.log", "errors": [], "performance_data": [], "problems": [],
            "lines": 2, "bytes": 18, "truncated": false,
        }),
    ];
    assert_eq!(objects(&output), expected);
    assert_eq!((stderr(&output), status(&output)), ("", 1));
}

#[test]
fn problems_of_performance_data_are_told_and_are_no_trouble() {
    let log = b"fine\nPERFHERDER_DATA: {\"framework\": 1}\n";
    let output = run_with_input(&[], log);
    assert!(stderr(&output).starts_with("logparse: <stdin>:2: "), "{}", stderr(&output));
    assert_eq!((stdout(&output), status(&output)), ("", 0));
    let output = run_with_input(&["--format=json"], log);
    let problem = &objects(&output)[0]["problems"][0];
    assert_eq!((&problem["linenumber"], &problem["offset"]), (&json!(1), &json!(5)));
    assert!(problem["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!((stderr(&output), status(&output)), ("", 0));
}

#[test]
fn a_broken_input_is_told_and_does_not_stop_the_others() {
    let whole = gzip(&LOG.repeat(400));
    let mut corrupt = whole.clone();
    let checksum = corrupt.len() - 8;
    corrupt[checksum] ^= 1;
    let folder = folder(&[
        ("corrupt.log.gz", &corrupt),
        ("cut.log.gz", &whole[..whole.len() - 9]),
        ("good.log", LOG.as_bytes()),
    ]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    let inputs = ["missing.log", "corrupt.log.gz", "folder", "cut.log.gz", "good.log"];
    for threads in ["1", "3"] {
        let output = run(folder.path(), &[&["--format", "json", "-j", threads][..], &inputs].concat());
        let objects = objects(&output);
        let sources: Vec<_> = objects.iter().map(|object| object["source"].as_str().unwrap()).collect();
        assert_eq!(sources, inputs);
        let error = |at: usize| objects[at]["error"].as_str().unwrap_or("none");
        assert!(error(0).starts_with("cannot be opened: "), "{}", error(0));
        assert!(error(1).contains("at compressed byte "), "{}", error(1));
        assert_eq!((error(2), error(3), error(4)), ("is a directory", "none", "none"));
        assert!(
            objects[1]["errors"].as_array().is_some_and(|errors| !errors.is_empty()),
            "lines before the damage"
        );
        assert_eq!((&objects[1]["truncated"], &objects[3]["truncated"]), (&json!(false), &json!(true)));
        assert_eq!(objects[4]["errors"].as_array().map(Vec::len), Some(2));
        for message in [
            "logparse: missing.log: cannot be opened: ",
            "logparse: corrupt.log.gz: ",
            "logparse: folder: is a directory",
            "logparse: cut.log.gz: its gzip data ends too early, at byte ",
        ] {
            assert!(stderr(&output).contains(message), "{message} in {}", stderr(&output));
        }
        assert_eq!(status(&output), 2);
    }
}

#[test]
fn output_keeps_the_order_of_the_inputs_on_any_number_of_threads() {
    let names: Vec<String> = (0..40).map(|number| format!("{number}.log")).collect();
    let logs: Vec<String> = (0..40)
        .map(|number| {
            let lines = if number % 5 == 0 { 20_000 } else { number };
            (0..lines).map(|line| format!("abort: {number} {line}\n")).collect()
        })
        .collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().zip(&logs).map(|(name, log)| (name.as_str(), log.as_bytes())).collect();
    let folder = folder(&files);
    let arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    let expected: String = names
        .iter()
        .zip(&logs)
        .flat_map(|(name, log)| {
            log.lines().zip(1..).map(move |(line, number)| format!("{name}:{number}: {line}\n"))
        })
        .collect();
    for threads in ["1", "2", "7"] {
        let output =
            run(folder.path(), &[&["--max-errors", "none", "--threads", threads][..], &arguments].concat());
        assert!(stdout(&output) == expected, "{threads} threads");
        assert_eq!((stderr(&output), status(&output)), ("", 1));
    }
}

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
fn context_is_shown_as_grep_shows_it() {
    let log = "one\ntwo\nabort: a\nfour\nfive\nsix\nseven\nabort: b\r\nnine\nabort: c";
    let output = run_with_input(&["--context", "1"], log.as_bytes());
    let expected = "\
<stdin>-2- two
<stdin>:3: abort: a
<stdin>-4- four
--
<stdin>-7- seven
<stdin>:8: abort: b
<stdin>-9- nine
<stdin>:10: abort: c
";
    assert_eq!(stdout(&output), expected);
    assert_eq!(status(&output), 1);
    let long = format!("{}\nabort: x\n", "filler\n".repeat(200_000));
    let output = run_with_input(&["-C2"], &gzip(&long));
    assert_eq!(stdout(&output), "<stdin>-200000- filler\n<stdin>-200001- \n<stdin>:200002: abort: x\n");
    let output = run_with_input(&["-C2", "--format=json"], log.as_bytes());
    assert_eq!((stderr(&output), status(&output)), ("logparse: --context belongs to the text format\n", 2));
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

#[test]
fn colours_come_only_when_wanted() {
    let coloured = |output: &Output| stdout(output).contains("\x1b[");
    assert!(!coloured(&run_with_input(&[], LOG.as_bytes())), "no terminal");
    let output = run_with_input(&["--color", "always"], LOG.as_bytes());
    assert!(coloured(&output));
    assert!(!stdout(&output).contains("\x1b[31m"), "the log's own colours are gone");
    assert!(!coloured(&run_with_input(&["--color=never"], LOG.as_bytes())));
}

#[test]
fn help_manual_and_completions_tell_of_every_option() {
    let help = run_with_input(&["--help"], b"");
    assert_eq!(status(&help), 0);
    assert!(stdout(&help).contains("Examples:\n  logparse "), "{}", stdout(&help));
    let man = run_with_input(&["--man"], b"");
    assert_eq!(status(&man), 0);
    assert!(stdout(&man).contains(".TH logparse 1"), "{}", stdout(&man));
    let bash = run_with_input(&["--completions", "bash"], b"");
    for option in
        ["rules", "max-errors", "errorsummary", "context", "threads", "format", "color", "list-rules"]
    {
        assert!(stdout(&help).contains(&format!("--{option}")), "{option}");
        assert!(stdout(&man).contains(&option.replace('-', "\\-")), "{option}");
        assert!(stdout(&bash).contains(&format!("--{option}")), "{option}");
    }
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let script = run_with_input(&["--completions", shell], b"");
        assert!(stdout(&script).contains("max-errors"), "{shell}");
    }
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [&["--frobnicate"][..], &["--format", "xml"], &["--threads", "0"], &["--context", "-1"]]
    {
        let output = run_with_input(arguments, b"");
        assert_eq!((status(&output), stdout(&output)), (2, ""), "{arguments:?}");
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
}

#[test]
fn a_reader_that_leaves_is_no_trouble() {
    let log = "abort: a line of some length, so that the pipe fills up\nother\n".repeat(50_000);
    let folder = folder(&[("big.log", log.as_bytes()), ("more.log", log.as_bytes())]);
    for threads in ["1", "2"] {
        let mut child = logparse()
            .current_dir(folder.path())
            .args(["--context=1", "--max-errors=none", "--threads", threads, "big.log", "more.log"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 100]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(stderr(&output), "");
        assert!(output.status.code().is_some_and(|code| code < 2), "{:?}", output.status);
    }
}

const ERROR_SUMMARY: &str = r#"{"action": "test_groups", "line": 1, "groups": ["a.toml", "b.toml"]}
{"action": "test_result", "line": 12, "test": "a.html", "subtest": "adds", "status": "FAIL", "expected": "PASS", "message": "3 != 4\nstack"}
{"action": "log", "line": 14, "level": "ERROR", "message": "no memory"}
{"action": "crash", "line": 20, "test": "b.html", "signature": "@ boom"}
{"action": "party", "line": 21}
{"action": "group_result", "line": 30, "group": "a.toml", "status": "ERROR", "duration": 12345}
{"action": "group_result", "line": 31, "group": "b.toml", "status": "OK", "duration": 10}
"#;

#[test]
fn error_summaries_are_told_as_logs_are() {
    let expected = "\
<stdin>:2: FAIL (expected PASS) a.html | adds: 3 != 4
<stdin>:3: ERROR: no memory
<stdin>:4: CRASH b.html: @ boom
<stdin>:6: ERROR group a.toml (12 s)
";
    for input in [ERROR_SUMMARY.as_bytes().to_vec(), gzip(ERROR_SUMMARY)] {
        let output = run_with_input(&["--errorsummary"], &input);
        assert_eq!((stdout(&output), stderr(&output), status(&output)), (expected, "", 1));
    }
    let output = run_with_input(&["--errorsummary", "--max-errors", "1"], ERROR_SUMMARY.as_bytes());
    assert!(stdout(&output).contains("\n<stdin>:3: CUT OFF: no memory\n<stdin>:6: "), "{}", stdout(&output));
    let good = run_with_input(&["--errorsummary"], ERROR_SUMMARY.lines().next().unwrap().as_bytes());
    assert_eq!((stdout(&good), stderr(&good), status(&good)), ("", "", 0));
}

#[test]
fn an_error_summary_in_json_has_its_failure_lines_and_groups() {
    let output = run_with_input(&["--errorsummary", "--format", "json"], ERROR_SUMMARY.as_bytes());
    let object = &objects(&output)[0];
    let failures = object["failure_lines"].as_array().unwrap();
    assert_eq!(failures.len(), 3);
    assert_eq!((&failures[0]["test"], &failures[0]["message"]), (&json!("a.html"), &json!("3 != 4\nstack")));
    assert_eq!(
        (&object["group_results"][0]["status"], &object["group_results"][1]["group"]),
        (&json!("ERROR"), &json!("b.toml"))
    );
    assert_eq!(object["problems"], json!([{"linenumber": 4, "message": "unknown action \"party\""}]));
    assert_eq!(
        (&object["source"], &object["lines"], &object["bytes"]),
        (&json!("-"), &json!(7), &json!(ERROR_SUMMARY.len()))
    );
    assert_eq!((&object["truncated"], object.get("error"), status(&output)), (&json!(false), None, 1));
}

#[test]
fn a_broken_error_summary_is_told_with_its_line() {
    let broken = ERROR_SUMMARY.replace("{\"action\": \"crash\"", "{\"action\" \"crash\"");
    let output = run_with_input(&["--errorsummary"], broken.as_bytes());
    assert_eq!(stdout(&output).lines().count(), 2, "what came before is told");
    assert!(stderr(&output).starts_with("logparse: <stdin>: line 4 (at byte "), "{}", stderr(&output));
    assert_eq!(status(&output), 2);
    let output = run_with_input(&["--errorsummary", "--format=json"], broken.as_bytes());
    assert!(objects(&output)[0]["error"].as_str().is_some_and(|error| error.starts_with("line 4 ")));
    let output = run_with_input(&["--errorsummary", "--rules", "pytest"], b"");
    assert_eq!(status(&output), 2, "rules are for logs");
}

/// Reads a figure of a running process, in KiB.
#[cfg(target_os = "linux")]
fn memory(process: u32, figure: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':')).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_small_however_long_log_and_lines_are() {
    for arguments in
        [&["--max-errors=none"][..], &["--context=3", "--max-errors=none"], &["--format=json", "-m", "none"]]
    {
        let mut child =
            logparse().args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let lines = "abort: number one\nan ordinary line of a log\nabort: number two\n".repeat(10_000);
        for _ in 0..20 {
            stdin.write_all(lines.as_bytes()).unwrap();
        }
        let endless = vec![b'x'; 1 << 20];
        for _ in 0..20 {
            stdin.write_all(&endless).unwrap();
        }
        // All but what is in the pipe has been read; the program's own pages are not the log's doing.
        let anonymous = memory(child.id(), "RssAnon");
        assert!(anonymous < 4 << 10, "{arguments:?}: {anonymous} KiB");
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }
}

/// Serves each connection one answer by its path; returns the address.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            answer(connection.unwrap());
        }
    });
    address
}

fn answer(mut connection: TcpStream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).unwrap();
    let (head, body) = match request.split(' ').nth(1).unwrap() {
        "/plain.log" => ("200 OK", LOG.as_bytes().to_vec()),
        "/live.log.gz" => ("200 OK\r\nContent-Encoding: gzip", gzip(LOG)),
        "/negotiated" if request.to_lowercase().contains("accept-encoding: gzip\r\n") => {
            ("200 OK", gzip(LOG))
        }
        "/moved" => ("302 Found\r\nLocation: /plain.log", Vec::new()),
        "/loop" => ("302 Found\r\nLocation: /loop", Vec::new()),
        "/short" => ("200 OK\r\nX-Promise: more", LOG.as_bytes().to_vec()),
        _ => ("404 Not Found", b"abort: this page does not exist".to_vec()),
    };
    let promise = if head.contains("X-Promise") { body.len() + 100 } else { body.len() };
    write!(connection, "HTTP/1.1 {head}\r\nContent-Length: {promise}\r\nConnection: close\r\n\r\n").unwrap();
    connection.write_all(&body).unwrap();
}

#[test]
fn urls_are_read_as_files_are() {
    let server = server();
    for path in ["plain.log", "live.log.gz", "negotiated", "moved"] {
        let url = format!("{server}/{path}");
        let output = run_with_input(&[&url], b"");
        let expected = format!("{url}:3: make: *** [all] Error 2\n{url}:5: PROCESS-CRASH | a.html\n");
        assert_eq!((stdout(&output), stderr(&output), status(&output)), (expected.as_str(), "", 1));
    }
}

#[test]
fn a_url_that_cannot_be_read_is_told_with_its_reason() {
    let server = server();
    for (path, reason) in [
        ("missing", "cannot be fetched: the server answered 404 Not Found"),
        ("loop", "too many redirects"),
        ("short", "cannot be read on after "),
    ] {
        let url = format!("{server}/{path}");
        let output = run_with_input(&[&url], b"");
        assert!(stderr(&output).starts_with(&format!("logparse: {url}: ")), "{}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
        assert_eq!(stdout(&output).is_empty(), path != "short", "what came before the end is told");
        assert_eq!(status(&output), 2);
    }
    let output = run_with_input(&["http://127.0.0.1:1/refused"], b"");
    assert!(stderr(&output).contains("cannot be fetched: "), "{}", stderr(&output));
    assert_eq!(status(&output), 2);
}

#[test]
fn conformance_logs_give_the_expected_json() {
    let Some(folder) = support::conformance::folder("logs") else { return };
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".log.gz").map(str::to_owned)
        })
        .collect();
    names.sort();
    let inputs: Vec<String> = names.iter().map(|name| format!("{name}.log.gz")).collect();
    let mut arguments = vec!["--format=json", "--max-errors=none"];
    arguments.extend(inputs.iter().map(String::as_str));
    let output = run(&folder, &arguments);
    assert_eq!(stderr(&output), "");
    for (name, object) in names.iter().zip(objects(&output)) {
        let expected = fs::read_to_string(folder.join(format!("{name}.expected.json"))).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let errors: Vec<Value> = object["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| json!({"linenumber": error["linenumber"], "line": error["line"]}))
            .collect();
        assert_eq!(object["source"], json!(format!("{name}.log.gz")));
        assert_eq!(object["lines"], expected["lines"], "{name}");
        assert_eq!(Value::Array(errors), expected["errors"], "{name}");
        assert_eq!(object["performance_data"], expected["performance_data"], "{name}");
    }
}
