//! Runs the program and reads what it printed.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use tempfile::TempDir;

/// A log with two failure lines (the 3rd and the 5th line), performance data and a coloured line.
pub const LOG: &str = "\
[taskcluster 2026-11-20T09:14:03.000Z] Task ID: abc
[task 2026-11-20T09:14:03.100Z] building
[task 2026-11-20T09:14:03.200Z] make: *** [all] Error 2
[task 2026-11-20T09:14:03.300Z] 09:14:03     INFO -  PERFHERDER_DATA: {\"framework\": {\"name\": \"build_metrics\"}, \"suites\": [{\"name\": \"size\", \"value\": 3, \"subtests\": []}]}
[task 2026-11-20T09:14:03.400Z] \x1b[31mPROCESS-CRASH\x1b[0m | a.html
[task 2026-11-20T09:14:03.500Z] done
";

pub fn logparse() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logparse"));
    command.stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

/// Runs with arguments in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    logparse().current_dir(folder).args(arguments).output().unwrap()
}

pub fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
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

pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// The JSON objects that were printed, one a line.
pub fn objects(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}
