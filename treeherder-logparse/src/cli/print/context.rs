//! The lines around failure lines, from a stream: only the last few lines are ever kept.

use std::{collections::VecDeque, io};

use memchr::memchr2;

/// A line is shown up to this many bytes.
const CUT: usize = 2000;

/// What is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    /// Lines are left out here.
    Gap,
    /// A line; `number` is counted from 0.
    Line { number: u64, text: &'a [u8], failure: bool },
}

/// Takes the numbers of failure lines and then the text with them, hands out what is to be shown.
///
/// It ends lines exactly where the parser does, so that each failure line is known before its end is seen here.
pub(super) struct Context {
    around: usize,
    /// Failure lines known and not yet shown.
    failures: VecDeque<u64>,
    /// The last lines that were not shown, with the number of the first.
    before: VecDeque<Vec<u8>>,
    /// Number of the line that is being read.
    number: u64,
    /// How many of the next lines follow a failure line closely.
    after: usize,
    /// Number of the line after the last one shown.
    shown_to: Option<u64>,
    /// The line that is being read, cut.
    tail: Vec<u8>,
    after_cr: bool,
}

type Sink<'a> = &'a mut dyn FnMut(Shown<'_>) -> io::Result<()>;

impl Context {
    pub(super) fn new(around: usize) -> Self {
        Self {
            around,
            failures: VecDeque::new(),
            before: VecDeque::new(),
            number: 0,
            after: 0,
            shown_to: None,
            tail: Vec::new(),
            after_cr: false,
        }
    }

    /// Learns of a failure line in the text that comes next.
    pub(super) fn failure(&mut self, number: u64) {
        self.failures.push_back(number);
    }

    /// Takes text.
    pub(super) fn feed(&mut self, text: &[u8], sink: Sink<'_>) -> io::Result<()> {
        let mut rest = text;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let (line, more) = rest.split_at(end);
            if self.tail.is_empty() {
                self.line(line, sink)?;
            } else {
                self.keep(line);
                let tail = std::mem::take(&mut self.tail);
                self.line(&tail, sink)?;
            }
            self.after_cr = more == b"\r";
            rest = &more[if more.starts_with(b"\r\n") { 2 } else { 1 }..];
        }
        self.keep(rest);
        Ok(())
    }

    /// Ends the text.
    pub(super) fn finish(&mut self, sink: Sink<'_>) -> io::Result<()> {
        if self.tail.is_empty() {
            return Ok(());
        }
        let tail = std::mem::take(&mut self.tail);
        self.line(&tail, sink)
    }

    fn keep(&mut self, more: &[u8]) {
        let room = CUT.saturating_sub(self.tail.len());
        self.tail.extend_from_slice(&more[..more.len().min(room)]);
    }

    fn line(&mut self, line: &[u8], sink: Sink<'_>) -> io::Result<()> {
        let text = shown_of(line);
        let failure = self.failures.front() == Some(&self.number);
        if failure {
            self.failures.pop_front();
            let first = self.number - self.before.len() as u64;
            if self.shown_to.is_some_and(|shown_to| shown_to < first) {
                sink(Shown::Gap)?;
            }
            for (number, text) in (first..).zip(&self.before) {
                sink(Shown::Line { number, text, failure: false })?;
            }
            self.before.clear();
            self.after = self.around;
            self.shown_to = Some(self.number + 1);
            sink(Shown::Line { number: self.number, text, failure: true })?;
        } else if self.after > 0 {
            self.after -= 1;
            self.shown_to = Some(self.number + 1);
            sink(Shown::Line { number: self.number, text, failure: false })?;
        } else {
            let mut kept = if self.before.len() == self.around { self.before.pop_front() } else { None }
                .unwrap_or_default();
            kept.clear();
            kept.extend_from_slice(text);
            self.before.push_back(kept);
        }
        self.number += 1;
        Ok(())
    }
}

/// Returns what is shown of a line: a cut never parts a character.
fn shown_of(line: &[u8]) -> &[u8] {
    if line.len() < CUT {
        return line;
    }
    let text = &line[..CUT];
    let last = (CUT - 4..CUT).rev().find(|at| text[*at] & 0xC0 != 0x80).unwrap_or(CUT);
    // No error length: a character that has begun and goes on behind the cut.
    let is_parted = std::str::from_utf8(&text[last..]).is_err_and(|error| error.error_len().is_none());
    if is_parted { &text[..last] } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows `text` in pieces as `NUMBER:TEXT` for failures (lines with an `x`), `NUMBER-TEXT` for context.
    fn shown(around: usize, text: &str, piece: usize) -> Vec<String> {
        let mut context = Context::new(around);
        let normalised = text.replace("\r\n", "\n").replace('\r', "\n");
        for (number, line) in normalised.lines().enumerate() {
            if line.contains('x') {
                context.failure(number as u64);
            }
        }
        let mut list = Vec::new();
        let mut sink = |shown: Shown<'_>| {
            list.push(match shown {
                Shown::Gap => "--".to_owned(),
                Shown::Line { number, text, failure } => {
                    format!("{number}{}{}", if failure { ':' } else { '-' }, String::from_utf8_lossy(text))
                }
            });
            Ok(())
        };
        for piece in text.as_bytes().chunks(piece) {
            context.feed(piece, &mut sink).unwrap();
        }
        context.finish(&mut sink).unwrap();
        list
    }

    #[test]
    fn groups_are_as_greps_are() {
        let cases: [(usize, &str, &[&str]); 6] = [
            (1, "a\nb\nx1\nc\nd\n", &["1-b", "2:x1", "3-c"]),
            (1, "x1\na\nb\nc\nx2\n", &["0:x1", "1-a", "--", "3-c", "4:x2"]),
            (1, "x1\na\nb\nx2", &["0:x1", "1-a", "2-b", "3:x2"]),
            (2, "x1\nx2\na\nb\nc\n", &["0:x1", "1:x2", "2-a", "3-b"]),
            (3, "x1\r\n\r\na\rx2\r\n", &["0:x1", "1-", "2-a", "3:x2"]),
            (1, "a\nb\n", &[]),
        ];
        for (around, text, expected) in cases {
            for piece in [1, 2, 3, 100] {
                assert_eq!(shown(around, text, piece), expected, "{text:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn long_lines_are_cut_wherever_the_pieces_end() {
        let text = format!("{}\nx\n", "a".repeat(3 * CUT));
        let expected = [format!("0-{}", "a".repeat(CUT)), "1:x".to_owned()];
        for piece in [7, CUT, 1 << 20] {
            assert_eq!(shown(1, &text, piece), expected);
        }
        for (before, whole) in [("", CUT / 2), ("a", CUT / 2 - 1)] {
            let text = format!("{before}{}\nx\n", "\u{e9}".repeat(CUT));
            let expected = [format!("0-{before}{}", "\u{e9}".repeat(whole)), "1:x".to_owned()];
            for piece in [7, CUT, 1 << 20] {
                assert_eq!(shown(1, &text, piece), expected);
            }
        }
    }
}
