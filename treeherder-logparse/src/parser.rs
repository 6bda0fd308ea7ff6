//! The streaming parser: decoded text in, events out.

use memchr::{memchr2, memrchr2};

use crate::{
    Event, Rules, Summary,
    engine::{Block, Engine, HEAD},
};

/// Default of [`ParserBuilder::max_performance_line`]: 5 MiB.
pub const DEFAULT_MAX_PERFORMANCE_LINE: usize = 5 << 20;

/// Finds failure lines and performance data in a log that comes in chunks.
///
/// The result never depends on how the log is cut into chunks. Lines that lie inside a chunk are looked at where they
/// are; only an unfinished last line is kept, and of a line longer than 64 KiB no more than its head unless it is
/// performance data. So memory is bounded whatever the log.
///
/// Line ends are LF, CR LF and lone CR (`spec/ingest.md` §5.3); numbers are counted from 0.
///
/// ```
/// use treeherder_logparse::{Event, Parser};
///
/// let mut parser = Parser::new();
/// let mut found = Vec::new();
/// let mut sink = |event: Event<'_>| {
///     if let Event::Failure(line) = event {
///         found.push((line.line_number, line.text.to_owned()));
///     }
/// };
/// parser.feed(b"building\r\nabort: no spa", &mut sink);
/// parser.feed(b"ce\r\ndone\n", &mut sink);
/// let summary = parser.finish(&mut sink);
/// assert_eq!(found, [(1, "abort: no space".to_owned())]);
/// assert_eq!(summary.lines, 3);
/// ```
#[derive(Debug)]
pub struct Parser {
    engine: Engine,
    /// The unfinished line; its head alone when `dropped`.
    tail: Vec<u8>,
    /// How the unfinished line goes on.
    tail_kind: Tail,
    /// Whether the last chunk ended with a CR, so that a LF now would belong to it.
    after_cr: bool,
}

/// What is kept of an unfinished line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// All of it so far.
    Whole,
    /// All of it so far, and it is performance data.
    Performance,
    /// Its head; the rest is dropped, this many bytes so far.
    Dropped(u64),
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// Makes a parser with Treeherder's rules and limits.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts to configure a parser.
    #[must_use]
    pub fn builder() -> ParserBuilder {
        ParserBuilder {
            rules: None,
            max_failure_lines: None,
            max_performance_line: DEFAULT_MAX_PERFORMANCE_LINE,
        }
    }

    /// Takes the next chunk of the decoded log and hands what it finds to `sink`.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        let mut chunk = chunk;
        if self.after_cr {
            let Some((first, rest)) = chunk.split_first() else { return };
            self.after_cr = false;
            if *first == b'\n' {
                self.engine.summary.bytes += 1;
                chunk = rest;
            }
        }
        if !self.tail.is_empty() {
            let Some(end) = memchr2(b'\n', b'\r', chunk) else {
                self.keep(chunk);
                return;
            };
            self.keep(&chunk[..end]);
            self.end_tail(sink);
            let terminator = if chunk[end..].starts_with(b"\r\n") { 2 } else { 1 };
            self.engine.summary.bytes += terminator as u64;
            self.after_cr = chunk[end..] == *b"\r";
            chunk = &chunk[end + terminator..];
        }
        if let Some(end) = memrchr2(b'\n', b'\r', chunk) {
            let (text, rest) = chunk.split_at(end + 1);
            self.engine.scan(Block { text, offset: self.engine.summary.bytes, overlong: false }, sink);
            self.engine.summary.bytes += text.len() as u64;
            self.after_cr = rest.is_empty() && text.ends_with(b"\r");
            chunk = rest;
        }
        if !chunk.is_empty() {
            self.keep(chunk);
        }
    }

    /// Ends the log: a last line without terminator is looked at, and the sums are returned.
    pub fn finish(mut self, sink: &mut dyn FnMut(Event<'_>)) -> Summary {
        if !self.tail.is_empty() {
            self.end_tail(sink);
        }
        self.engine.summary
    }

    /// Returns the sums so far; the unfinished last line is not in them.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.engine.summary
    }

    /// Keeps what is needed of more of an unfinished line.
    fn keep(&mut self, more: &[u8]) {
        match &mut self.tail_kind {
            Tail::Dropped(dropped) => *dropped += more.len() as u64,
            Tail::Performance => self.keep_performance(more),
            Tail::Whole => {
                let (head, rest) = more.split_at(more.len().min(HEAD - self.tail.len()));
                self.tail.extend_from_slice(head);
                if rest.is_empty() {
                    return;
                }
                if self.engine.keeps_whole(&self.tail) {
                    self.tail_kind = Tail::Performance;
                    self.keep_performance(rest);
                } else {
                    self.tail_kind = Tail::Dropped(rest.len() as u64);
                }
            }
        }
    }

    fn keep_performance(&mut self, more: &[u8]) {
        if self.tail.len() + more.len() <= self.engine.max_performance_line() {
            self.tail.extend_from_slice(more);
            return;
        }
        let dropped = self.tail.len() + more.len() - HEAD;
        self.tail.truncate(HEAD);
        self.tail.shrink_to(HEAD);
        self.tail_kind = Tail::Dropped(dropped as u64);
    }

    /// Looks at the line that was kept: its end has come.
    fn end_tail(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let dropped = match self.tail_kind {
            Tail::Dropped(dropped) => dropped,
            Tail::Whole | Tail::Performance => 0,
        };
        let block = Block { text: &self.tail, offset: self.engine.summary.bytes, overlong: dropped > 0 };
        self.engine.scan(block, sink);
        self.engine.summary.bytes += self.tail.len() as u64 + dropped;
        self.engine.summary.lines += 1;
        self.tail.clear();
        if self.tail_kind != Tail::Whole {
            self.tail.shrink_to(HEAD);
            self.tail_kind = Tail::Whole;
        }
    }
}

/// Configures a [`Parser`].
#[derive(Clone, Debug)]
pub struct ParserBuilder {
    rules: Option<Rules>,
    max_failure_lines: Option<Option<usize>>,
    max_performance_line: usize,
}

impl ParserBuilder {
    /// Uses these rules instead of Treeherder's.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// Reports at most this many failure lines, `None` for all; the ruleset's own limit (40 for Treeherder's) else.
    ///
    /// Performance data is reported to the end of the log all the same.
    #[must_use]
    pub fn max_failure_lines(mut self, max: Option<usize>) -> Self {
        self.max_failure_lines = Some(max);
        self
    }

    /// Skips (and reports as a problem) performance data on lines longer than this; 5 MiB by default.
    ///
    /// A parser may hold one such line in memory. Values under 64 KiB count as 64 KiB.
    #[must_use]
    pub fn max_performance_line(mut self, bytes: usize) -> Self {
        self.max_performance_line = bytes.max(HEAD);
        self
    }

    /// Makes the parser.
    #[must_use]
    pub fn build(self) -> Parser {
        let rules = self.rules.unwrap_or_else(Rules::treeherder);
        let compiled = rules.compiled();
        let max = self.max_failure_lines.unwrap_or(compiled.max_failure_lines).map(|max| max as u64);
        Parser {
            engine: Engine::new(compiled.clone(), max, self.max_performance_line),
            tail: Vec::new(),
            tail_kind: Tail::Whole,
            after_cr: false,
        }
    }
}
