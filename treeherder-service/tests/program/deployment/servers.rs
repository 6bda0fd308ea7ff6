//! Private servers, a data folder that knows them, and Python's AMQP clients.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use serde_json::Value;

use crate::support::{PATIENCE, Place, Running, ended, output_of};

/// Starts a server of the tests' helpers, which may block for a while.
pub(super) fn started<T>(start: impl FnOnce() -> Option<T>) -> Option<T> {
    tokio::task::block_in_place(start)
}

/// A process whose log can be waited for.
pub(crate) struct Logged {
    pub(crate) running: Running,
    lines: mpsc::Receiver<Value>,
}

impl Logged {
    /// Starts a process type.
    pub(crate) fn start(place: &Place, args: &[&str]) -> Self {
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
    pub(crate) fn await_message(&self, message: &str) -> Value {
        tokio::task::block_in_place(|| {
            let is_it = |line: &Value| line.to_string().contains(message);
            let end = Instant::now() + PATIENCE;
            let mut last = Value::Null;
            loop {
                match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                    Ok(line) if is_it(&line) => return line,
                    Ok(line) => last = line,
                    Err(error) => panic!("no {message:?} ({error}); the last line: {last}"),
                }
            }
        })
    }

    /// Stops it in order; it must end well.
    pub(crate) fn stop(mut self) {
        self.running.signal("TERM");
        let status = tokio::task::block_in_place(|| ended(&mut self.running.0));
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
    let output = tokio::task::block_in_place(|| output_of(&mut command));
    assert!(output.status.success(), "{client}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A kombu consumer of some bindings of an exchange.
pub(super) struct Consumer {
    running: Running,
    lines: mpsc::Receiver<String>,
}

impl Consumer {
    /// Binds; returns when the bindings are there.
    pub(super) fn start(url: &str, exchange: &str, patterns: &[&str]) -> Self {
        let mut command = Command::new(python().unwrap());
        command.arg(peer("consume.py")).args([url, exchange]).args(patterns);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let consumer = Self { running: Running(child), lines };
        assert_eq!(consumer.line(), "ready");
        consumer
    }

    fn line(&self) -> String {
        tokio::task::block_in_place(|| self.lines.recv_timeout(PATIENCE)).expect("a line of the consumer")
    }

    /// Returns what came, by pattern.
    pub(super) fn end(mut self) -> Value {
        drop(self.running.0.stdin.take());
        let consumed = self.line();
        assert!(tokio::task::block_in_place(|| ended(&mut self.running.0)).success());
        serde_json::from_str(&consumed).unwrap()
    }
}
