//! What people see.

#[cfg(target_os = "linux")]
use std::fs;
use std::{
    io::{Read, Write},
    process::{Output, Stdio},
};

use crate::support::{LOG, folder, gzip, logparse, run, run_with_input, status, stderr, stdout};

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
fn colours_come_only_when_wanted() {
    let coloured = |output: &Output| stdout(output).contains("\x1b[");
    assert!(!coloured(&run_with_input(&[], LOG.as_bytes())), "no terminal");
    let output = run_with_input(&["--color", "always"], LOG.as_bytes());
    assert!(coloured(&output));
    assert!(!stdout(&output).contains("\x1b[31m"), "the log's own colours are gone");
    assert!(!coloured(&run_with_input(&["--color=never"], LOG.as_bytes())));
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
        // What was found until then is known.
        assert_eq!(output.status.code(), Some(1));
    }
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
    let with_problems = "PERFHERDER_DATA: {}\nabort: number one\n".repeat(20_000);
    let lines = "abort: number one\nan ordinary line of a log\nabort: number two\n".repeat(10_000);
    for (arguments, lines) in [
        (&["--max-errors=none"][..], &lines),
        (&["--context=3", "--max-errors=none"], &lines),
        (&["--format=json", "-m", "none"], &lines),
        (&["--format=json", "-m", "none"], &with_problems),
        (&[], &with_problems),
    ] {
        let mut child = logparse()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
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
