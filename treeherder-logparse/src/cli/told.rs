//! What is wrong in an input is told beside the text.

use std::fmt::Display;

use super::{progress::Progress, source::Source};

/// More problems of one input are counted: whoever made the first few makes all of them.
const TOLD: u64 = 20;

/// Tells the problems of one input on the standard error.
pub(super) struct Told<'a> {
    progress: &'a Progress,
    source: &'a Source,
    count: u64,
}

impl<'a> Told<'a> {
    pub(super) fn new(progress: &'a Progress, source: &'a Source) -> Self {
        Self { progress, source, count: 0 }
    }

    /// Tells a problem; `line` is counted from 0.
    pub(super) fn tell(&mut self, line: u64, problem: &dyn Display) {
        self.count += 1;
        if self.count <= TOLD {
            self.progress.say(&format!("{}:{}: {problem}", self.source, line + 1));
        }
    }

    /// Tells how many were not told.
    pub(super) fn end(&self) {
        if let Some(more) = self.count.checked_sub(TOLD).filter(|more| *more > 0) {
            let s = if more == 1 { "" } else { "s" };
            self.progress.say(&format!("{}: {more} more problem{s} of that kind", self.source));
        }
    }
}
