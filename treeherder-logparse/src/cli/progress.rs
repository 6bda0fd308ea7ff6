//! The progress bar: on a terminal, for work that takes long enough to be worth one.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::source::Source;

/// Work done before this has passed needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shows how much of the inputs has been read; draws on the standard error, from the threads that read.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: AtomicBool,
}

impl Progress {
    /// Counts toward the size of all inputs when they are files, else counts up.
    pub(super) fn new(sources: &[Source]) -> Self {
        let total = sources.iter().map(Source::file_size).sum();
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let progress = Self { bar, started: Instant::now(), shown: AtomicBool::new(false) };
        progress.set_style(total.is_some());
        progress
    }

    /// Learns the size of an input that is the only one.
    pub(super) fn size_is(&self, size: u64) {
        self.bar.set_length(size);
        self.set_style(true);
    }

    /// Counts raw bytes read.
    pub(super) fn read(&self, bytes: usize) {
        if !self.shown.load(Ordering::Relaxed) && self.started.elapsed() >= PATIENCE {
            self.shown.store(true, Ordering::Relaxed);
            // Stays hidden when the standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
        self.bar.inc(bytes as u64);
    }

    /// Writes to a terminal without the bar in the way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Tells the person something; what cannot be told is dropped.
    pub(super) fn say(&self, message: &str) {
        self.aside(|| _ = writeln!(io::stderr().lock(), "logparse: {message}"));
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn set_style(&self, known: bool) {
        let template = if known {
            "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left"
        } else {
            "{spinner} {bytes}  {bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }
}
