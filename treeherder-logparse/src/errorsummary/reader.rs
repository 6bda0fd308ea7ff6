//! Reading an error summary chunk by chunk.

use super::error::{ErrorSummaryError, LineFault};
use super::fields;
use super::line::{ErrorSummaryLine, FailureAction};

/// What counts towards the cut-off.
///
/// ```
/// use treeherder_logparse::errorsummary::{Counted, ErrorSummary, Options};
///
/// let file = br#"{"action": "log", "line": 1}
/// {"action": "log", "line": 2}
/// {"action": "group_result", "group": "a.toml", "status": "ERROR"}"#;
/// let read = |counted| ErrorSummary::parse(file, Options { cut_off: 1, counted, ..Options::default() });
/// assert_eq!(read(Counted::EveryLine).group_results.len(), 0);
/// assert_eq!(read(Counted::FailureLines).group_results.len(), 1);
/// assert_eq!(read(Counted::FailureLines).failure_lines.len(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// Every line of the file, as the original service has it. Nothing behind the cut-off is read.
    #[default]
    EveryLine,
    /// Failure lines only. Behind the cut-off, further failure lines are left out and all other lines still come, so
    /// that the group results at the end of a long file are not lost.
    FailureLines,
}

/// How an error summary is read.
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, Options};
///
/// let file = br#"{"action": "log", "line": 1}
/// {"action": "log", "line": 2}
/// {"action": "log", "line": 3}
/// "#;
/// let summary = ErrorSummary::parse(file, Options { cut_off: 1, ..Options::default() });
/// let actions: Vec<_> = summary.failure_lines.iter().map(|line| line.action.name()).collect();
/// assert_eq!(actions, ["log", "truncated"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many lines are taken; the next one becomes a failure line with the action `truncated` and keeps its other
    /// fields. 150 by default.
    pub cut_off: u64,
    /// What counts towards the cut-off.
    pub counted: Counted,
    /// How long a line may be, in bytes; a longer one is an error. 16 MiB by default.
    pub max_line_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { cut_off: 150, counted: Counted::EveryLine, max_line_bytes: 16 << 20 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    /// Behind the cut-off, and still reading for other lines than failures.
    Truncated,
    /// Behind the last line that counts: the cut-off, or an error.
    Done,
}

/// Reads an error summary from chunks of bytes, however they are cut.
///
/// It holds one unfinished line in memory and nothing else. Once [`is_done`](Self::is_done) says so, what is left of
/// the file need not be fetched.
///
/// ```
/// use treeherder_logparse::errorsummary::{ErrorSummary, ErrorSummaryReader, Options};
///
/// let mut reader = ErrorSummaryReader::new(Options::default());
/// let mut summary = ErrorSummary::default();
/// for chunk in ["{\"action\": \"group_result\", \"gro", "up\": \"a.toml\", \"status\": \"OK\"}\r", "\n"] {
///     reader.feed(chunk.as_bytes(), |line| summary.add(line))?;
/// }
/// reader.finish(|line| summary.add(line))?;
/// assert_eq!(summary.group_results[0].group, "a.toml");
/// # Ok::<(), treeherder_logparse::errorsummary::ErrorSummaryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ErrorSummaryReader {
    options: Options,
    state: State,
    /// The start of a line whose end has not come yet.
    pending: Vec<u8>,
    /// Where that line starts in the file.
    offset: u64,
    lines: u64,
    counted: u64,
    truncated: bool,
}

impl ErrorSummaryReader {
    /// Starts before the first byte of a file.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Reading,
            pending: Vec::new(),
            offset: 0,
            lines: 0,
            counted: 0,
            truncated: false,
        }
    }

    /// Takes the next bytes of the file and hands out the lines that end in them.
    ///
    /// # Errors
    /// Returns the first line that cannot be read. The file is over with that: whatever is fed after it is ignored.
    pub fn feed(
        &mut self,
        chunk: &[u8],
        mut on_line: impl FnMut(ErrorSummaryLine),
    ) -> Result<(), ErrorSummaryError> {
        let mut rest = chunk;
        while self.state != State::Done {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                return self.keep(rest);
            };
            let (line, behind) = (&rest[..end], &rest[end + 1..]);
            rest = behind;
            if self.pending.is_empty() {
                self.line(line, 1, &mut on_line)?;
            } else {
                self.keep(line)?;
                let mut whole = std::mem::take(&mut self.pending);
                self.line(&whole, 1, &mut on_line)?;
                // Its room serves the next line that is cut.
                whole.clear();
                self.pending = whole;
            }
        }
        Ok(())
    }

    /// Ends the file: a last line without terminator is handed out now.
    ///
    /// # Errors
    /// Returns that line if it cannot be read.
    pub fn finish(&mut self, mut on_line: impl FnMut(ErrorSummaryLine)) -> Result<(), ErrorSummaryError> {
        let last = std::mem::take(&mut self.pending);
        if self.state != State::Done && !last.is_empty() {
            self.line(&last, 0, &mut on_line)?;
        }
        self.state = State::Done;
        Ok(())
    }

    /// Tells whether nothing that may still come is of interest.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Tells whether the file was cut off.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Returns how many lines were read.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Keeps the start of a line until its end comes.
    fn keep(&mut self, part: &[u8]) -> Result<(), ErrorSummaryError> {
        // The CR of a terminator may be among these bytes and is not part of the line.
        if self.pending.len() + part.len() > self.options.max_line_bytes.saturating_add(1) {
            return Err(self.fail(LineFault::TooLong { limit: self.options.max_line_bytes }));
        }
        self.pending.extend_from_slice(part);
        Ok(())
    }

    /// Takes one line, to which `terminator` more bytes of the file belong.
    fn line(
        &mut self,
        bytes: &[u8],
        terminator: u64,
        on_line: &mut impl FnMut(ErrorSummaryLine),
    ) -> Result<(), ErrorSummaryError> {
        let line = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if line.len() > self.options.max_line_bytes {
            return Err(self.fail(LineFault::TooLong { limit: self.options.max_line_bytes }));
        }
        let every_line = self.options.counted == Counted::EveryLine;
        let cut_off = every_line && self.counted == self.options.cut_off;
        let read = fields::parse(line, self.lines + 1, cut_off).map_err(|fault| self.fail(fault))?;
        self.offset += bytes.len() as u64 + terminator;
        self.lines += 1;
        if every_line {
            self.counted += 1;
            if cut_off {
                self.truncated = true;
                self.state = State::Done;
            }
            on_line(read);
        } else {
            self.count_failure(read, on_line);
        }
        Ok(())
    }

    /// Hands out the line by the rule of [`Counted::FailureLines`].
    fn count_failure(&mut self, read: ErrorSummaryLine, on_line: &mut impl FnMut(ErrorSummaryLine)) {
        let ErrorSummaryLine::Failure(mut failure) = read else { return on_line(read) };
        if self.state == State::Truncated {
            return;
        }
        if self.counted == self.options.cut_off {
            failure.action = FailureAction::Truncated;
            self.truncated = true;
            self.state = State::Truncated;
        }
        self.counted += 1;
        on_line(ErrorSummaryLine::Failure(failure));
    }

    fn fail(&mut self, fault: LineFault) -> ErrorSummaryError {
        self.state = State::Done;
        self.pending = Vec::new();
        ErrorSummaryError { line_number: self.lines + 1, offset: self.offset, fault }
    }
}
