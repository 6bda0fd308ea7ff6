//! Cutting the decoded log into lines, from any place on.

use std::ops::Range;

use memchr::{memchr2, memchr2_iter};

/// Bytes of a line that are kept by default.
const LINE_BYTES: usize = 64 << 10;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its number, from 0.
    pub number: u64,
    /// Its text without the line end; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Whether the end of a very long line was left out.
    pub cut: bool,
}

/// Collects some lines of a log that is decoded from some place on.
///
/// Line ends are those of [`Parser`](crate::Parser): LF, CR LF, lone CR; the numbers are the same.
#[derive(Debug)]
pub struct LineCollector {
    wanted: Range<u64>,
    number: u64,
    /// The beginning of the line under way, if it is wanted.
    line: Vec<u8>,
    cut: bool,
    after_cr: bool,
    /// Whether the line under way has any text.
    begun: bool,
    most_line_bytes: usize,
    most_bytes: usize,
    bytes: usize,
    lines: Vec<LogLine>,
}

impl LineCollector {
    /// Begins behind the end of line `lines - 1`, or somewhere in the line `lines`; that one is not wanted then.
    #[must_use]
    pub fn new(lines: u64, wanted: Range<u64>) -> Self {
        Self {
            wanted,
            number: lines,
            line: Vec::new(),
            cut: false,
            after_cr: false,
            begun: false,
            most_line_bytes: LINE_BYTES,
            most_bytes: usize::MAX,
            bytes: 0,
            lines: Vec::new(),
        }
    }

    /// Ends with the line with which the collected text has so many bytes.
    #[must_use]
    pub fn most_bytes(self, most_bytes: usize) -> Self {
        Self { most_bytes, ..self }
    }

    /// Keeps so many bytes of a line, 64 KiB by default.
    #[must_use]
    pub fn most_line_bytes(self, most_line_bytes: usize) -> Self {
        Self { most_line_bytes, ..self }
    }

    /// Tells whether all wanted lines are there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.number >= self.wanted.end || self.bytes >= self.most_bytes
    }

    /// Takes the next piece of the decoded log.
    pub fn feed(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while !rest.is_empty() && !self.is_done() {
            if std::mem::take(&mut self.after_cr) && rest[0] == b'\n' {
                rest = &rest[1..];
                continue;
            }
            if self.number < self.wanted.start {
                rest = self.skip(rest);
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', rest) else {
                self.keep(rest);
                return;
            };
            self.keep(&rest[..end]);
            self.after_cr = rest[end] == b'\r';
            self.end_line();
            rest = &rest[end + 1..];
        }
    }

    /// Passes over lines that are not wanted; returns what is left.
    fn skip<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let mut last_cr = None;
        for end in memchr2_iter(b'\n', b'\r', text) {
            let is_second = text[end] == b'\n' && last_cr == end.checked_sub(1) && end > 0;
            last_cr = (text[end] == b'\r').then_some(end);
            if is_second {
                continue;
            }
            self.number += 1;
            if self.number == self.wanted.start {
                self.after_cr = text[end] == b'\r';
                self.begun = false;
                return &text[end + 1..];
            }
        }
        self.after_cr = last_cr.is_some_and(|at| at + 1 == text.len());
        self.begun = !matches!(text.last(), Some(b'\n' | b'\r'));
        &[]
    }

    fn keep(&mut self, text: &[u8]) {
        let room = self.most_line_bytes - self.line.len().min(self.most_line_bytes);
        self.line.extend_from_slice(&text[..text.len().min(room)]);
        self.cut |= text.len() > room;
        self.begun |= !text.is_empty();
    }

    fn end_line(&mut self) {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.bytes += text.len() + 1;
        self.lines.push(LogLine { number: self.number, text, cut: self.cut });
        self.line.clear();
        self.cut = false;
        self.begun = false;
        self.number += 1;
    }

    /// Takes the lines that are complete so far.
    #[must_use]
    pub fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.lines)
    }

    /// Ends the log: a last line without an end counts.
    #[must_use]
    pub fn finish(mut self) -> Vec<LogLine> {
        if self.begun && self.wanted.contains(&self.number) && !self.is_done() {
            self.end_line();
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_do_not_depend_on_how_the_text_is_cut() {
        let text = b"one\r\n\r\n\rtwo\n\n\xff three\r\nfour";
        let all = ["one", "", "", "two", "", "\u{fffd} three", "four"];
        for size in 1..=text.len() {
            for start in 0..=all.len() {
                for end in start..=all.len() + 1 {
                    let mut lines = LineCollector::new(10, 10 + start as u64..10 + end as u64);
                    for piece in text.chunks(size) {
                        lines.feed(piece);
                    }
                    let lines = lines.finish();
                    let found: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
                    assert_eq!(found, all[start..end.min(all.len())], "{start}..{end} in pieces of {size}");
                    assert!(
                        lines.iter().zip(10 + start as u64..).all(|(line, number)| line.number == number)
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_collected_is_bounded() {
        let mut lines = LineCollector::new(0, 0..100).most_line_bytes(5).most_bytes(12);
        lines.feed(b"123456789\n12345\nxyz\n");
        assert!(lines.is_done());
        let lines = lines.finish();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].text.as_str(), lines[0].cut, lines[1].cut), ("12345", true, false));
    }
}
