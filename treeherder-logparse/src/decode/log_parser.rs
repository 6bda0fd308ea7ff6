//! Decoder and parser in one: the raw bytes of a log in, events out.

use super::{DecodeError, Decoded, Decoder};
use crate::{Event, Parser, Summary};

/// Finds failure lines and performance data in the raw bytes of a log, gzipped or not.
///
/// ```
/// use treeherder_logparse::{Event, LogParser};
///
/// let mut failures = Vec::new();
/// let mut sink = |event: Event<'_>| {
///     if let Event::Failure(line) = event {
///         failures.push(line.text.to_owned());
///     }
/// };
/// let mut log = LogParser::default();
/// for chunk in [b"ok\nabort: ".as_slice(), b"disk full\n"] {
///     log.feed(chunk, &mut sink)?;
/// }
/// let report = log.finish(&mut sink);
/// assert_eq!(report.summary.lines, 2);
/// assert_eq!(failures, ["abort: disk full"]);
/// # Ok::<(), treeherder_logparse::DecodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct LogParser {
    decoder: Decoder,
    parser: Parser,
}

/// What a whole raw log came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What was found in the decoded log.
    pub summary: Summary,
    /// How it was decoded.
    pub decoded: Decoded,
}

impl LogParser {
    /// Puts a decoder in front of `parser`.
    #[must_use]
    pub fn new(parser: Parser) -> Self {
        Self { decoder: Decoder::new(), parser }
    }

    /// Stops with an error once the decoded log is longer than this.
    #[must_use]
    pub fn max_decoded_bytes(mut self, bytes: u64) -> Self {
        self.decoder = self.decoder.max_decoded_bytes(bytes);
        self
    }

    /// Takes the next raw chunk and hands what is found to `sink`.
    ///
    /// # Errors
    /// As [`Decoder::push`]; events handed out before stay good, and [`finish`](Self::finish) tells the sums so far.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> Result<(), DecodeError> {
        let Self { decoder, parser } = self;
        decoder.push(chunk, &mut |decoded| parser.feed(decoded, sink))
    }

    /// Ends the log.
    pub fn finish(self, sink: &mut dyn FnMut(Event<'_>)) -> Report {
        let Self { decoder, mut parser } = self;
        let decoded = decoder.finish(&mut |decoded| parser.feed(decoded, sink));
        Report { summary: parser.finish(sink), decoded }
    }
}
