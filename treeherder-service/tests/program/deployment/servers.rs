//! Private servers, a data folder that knows them, and Python's AMQP clients.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use serde_json::Value;

use crate::support::{Place, Running};

/// Starts a server of the tests' helpers, which may block for a while.
pub(super) fn started<T>(start: impl FnOnce() -> Option<T>) -> Option<T> {
    tokio::task::block_in_place(start)
}

/// A process whose log can be waited for.
pub(super) struct Logged {
    pub(super) running: Running,
    lines: mpsc::Receiver<Value>,
}

impl Logged {
    /// Starts a process type.
    pub(super) fn start(place: &Place, args: &[&str]) -> Self {
        let mut command = place.command(args);
        command.env("LOGGING_LEVEL", "info").env("TREEHERDER_LOGGING_FORMAT", "json");
        let mut child = command.spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        let name = args.join(" ");
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let value: Value = serde_json::from_str(&line).unwrap_or_else(|_| Value::from(line.clone()));
                if value["level"] != "INFO" {
                    println!("{name}: {line}");
                }
                let _ = sender.send(value);
            }
        });
        Self { running: Running(child), lines }
    }

    /// Waits for a log message and returns its line; fails when the process ends before.
    pub(super) fn await_message(&self, message: &str) -> Value {
        tokio::task::block_in_place(|| {
            let is_it = |line: &Value| line.to_string().contains(message);
            self.lines.iter().find(is_it).unwrap_or_else(|| panic!("ended without {message:?}"))
        })
    }

    /// Stops it in order; it must end well.
    pub(super) fn stop(mut self) {
        self.running.signal("TERM");
        let status = tokio::task::block_in_place(|| self.running.0.wait()).unwrap();
        assert_eq!(status.code(), Some(0), "after SIGTERM");
    }

    /// Kills it.
    pub(super) fn kill(mut self) {
        self.running.0.kill().unwrap();
        tokio::task::block_in_place(|| self.running.0.wait()).unwrap();
    }
}

/// Finds the interpreter that has AMQP clients; `None` after saying why there is none.
pub(super) fn python() -> Option<PathBuf> {
    crate::servers::python::program("python")
}

fn peer(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/peers").join(name)
}

/// Publishes a replay file with a Python client.
pub(super) fn publish(client: &str, url: &str, file: &Path) {
    let mut command = Command::new(python().unwrap());
    command.arg(peer("publish.py")).args([client, url]).arg(file);
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    assert!(output.status.success(), "{client}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A kombu consumer of some bindings of an exchange.
pub(super) struct Consumer(Child);

impl Consumer {
    /// Binds; returns when the bindings are there.
    pub(super) fn start(url: &str, exchange: &str, patterns: &[&str]) -> Self {
        let mut command = Command::new(python().unwrap());
        command.arg(peer("consume.py")).args([url, exchange]).args(patterns);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        // Byte by byte: nothing of what follows may be read ahead.
        tokio::task::block_in_place(|| {
            let mut byte = [0];
            while std::io::Read::read(stdout, &mut byte).unwrap() == 1 && byte != *b"\n" {
                line.push(char::from(byte[0]));
            }
        });
        assert_eq!(line, "ready");
        Self(child)
    }

    /// Returns what came, by pattern.
    pub(super) fn end(mut self) -> Value {
        drop(self.0.stdin.take());
        let output = tokio::task::block_in_place(|| self.0.wait_with_output()).unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
