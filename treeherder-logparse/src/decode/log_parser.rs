//! Decoder and parser in one: the raw bytes of a log in, events out.

use super::decoder::Out;
use super::{DecodeError, Decoded, Decoder};
use crate::seek::{IndexOptions, LogIndex};
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

    /// Also notes where decoding can begin, for [`finish_indexed`](Self::finish_indexed).
    #[must_use]
    pub fn with_index(mut self, options: IndexOptions) -> Self {
        self.decoder = self.decoder.with_marker(options);
        self
    }

    /// Takes the next raw chunk and hands what is found to `sink`.
    ///
    /// # Errors
    /// As [`Decoder::push`]; events handed out before stay good, and [`finish`](Self::finish) tells the sums so far.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> Result<(), DecodeError> {
        let Self { decoder, parser } = self;
        decoder.push_counted(chunk, &mut Scanned { parser, sink })
    }

    /// Ends the log.
    pub fn finish(self, sink: &mut dyn FnMut(Event<'_>)) -> Report {
        let Self { decoder, mut parser } = self;
        let decoded = decoder.finish(&mut |decoded| parser.feed(decoded, sink));
        Report { summary: parser.finish(sink), decoded }
    }

    /// Ends the log and returns its index as well: without checkpoints unless they were asked for.
    pub fn finish_indexed(mut self, sink: &mut dyn FnMut(Event<'_>)) -> (Report, LogIndex) {
        let marker = self.decoder.take_marker();
        let report = self.finish(sink);
        let Report { summary, decoded } = report;
        let checkpoints = marker.map(|marker| marker.finish(decoded.decoded_bytes)).unwrap_or_default();
        let index =
            LogIndex::new(summary.lines, decoded.decoded_bytes, decoded.compressed_bytes, checkpoints);
        (report, index)
    }
}

/// Decoded text goes to the parser.
struct Scanned<'a, 'b> {
    parser: &'a mut Parser,
    sink: &'a mut (dyn FnMut(Event<'_>) + 'b),
}

impl Out for Scanned<'_, '_> {
    fn take(&mut self, piece: &[u8]) {
        self.parser.feed(piece, self.sink);
    }

    fn lines(&self) -> u64 {
        self.parser.summary().lines
    }
}
