//! The index of a log: its checkpoints and its size.

use super::{Checkpoint, Place};
use crate::Decoder;

/// Most bytes that the windows of an index take together.
const MOST_BYTES: usize = 2 << 20;

/// How an index is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexOptions {
    spacing: u64,
    most: usize,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self::every(8 << 20)
    }
}

impl IndexOptions {
    /// Notes a checkpoint about every `spacing` bytes of the decoded log; every 8 MiB by default.
    #[must_use]
    pub fn every(spacing: u64) -> Self {
        Self { spacing: spacing.max(64 << 10), most: 256 }
    }

    /// Keeps at most so many checkpoints, 256 by default: beyond that every second one goes and the spacing doubles.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most: most.max(2), ..self }
    }
}

/// Where the lines of a log are. Its size is bounded whatever the log: about 2 MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIndex {
    /// Lines of the log.
    pub lines: u64,
    /// Bytes of the decoded log.
    pub decoded_bytes: u64,
    /// Bytes of the raw log.
    pub compressed_bytes: u64,
    pub(super) checkpoints: Vec<Checkpoint>,
}

impl LogIndex {
    /// Makes the index of a log.
    #[must_use]
    pub fn new(lines: u64, decoded_bytes: u64, compressed_bytes: u64, checkpoints: Vec<Checkpoint>) -> Self {
        Self { lines, decoded_bytes, compressed_bytes, checkpoints }
    }

    /// Returns the checkpoints in the order of the log. The start of the log is none.
    #[must_use]
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// Returns the part of the log that has the beginning of line `line`, counted from 0.
    #[must_use]
    pub fn segment_of(&self, line: u64) -> Segment<'_> {
        // A line that begins exactly at a checkpoint is read from the one before: it cannot be told from one that begins
        // earlier and goes on behind it.
        self.segment(self.checkpoints.partition_point(|checkpoint| checkpoint.lines < line))
    }

    /// Returns a part of the log; the number 0 begins at the start of the log, each other one at a checkpoint.
    #[must_use]
    pub fn segment(&self, number: usize) -> Segment<'_> {
        let number = number.min(self.checkpoints.len());
        let start = number.checked_sub(1).map(|before| &self.checkpoints[before]);
        let end = self.checkpoints.get(number).map_or(self.compressed_bytes, Checkpoint::compressed_offset);
        Segment { number, start, end }
    }

    /// Returns how many parts there are.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.checkpoints.len() + 1
    }
}

/// The part of a log from one checkpoint to the next.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Its number, from 0.
    pub number: usize,
    start: Option<&'a Checkpoint>,
    end: u64,
}

impl Segment<'_> {
    /// Returns its first byte in the raw log.
    #[must_use]
    pub fn compressed_offset(&self) -> u64 {
        self.start.map_or(0, Checkpoint::compressed_offset)
    }

    /// Returns the first byte of the raw log that belongs to the next part alone; it begins within the byte before.
    #[must_use]
    pub fn compressed_end(&self) -> u64 {
        self.end
    }

    /// Returns the lines that end before it.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.start.map_or(0, |start| start.lines)
    }

    /// Returns the bytes of the decoded log before it.
    #[must_use]
    pub fn decoded_offset(&self) -> u64 {
        self.start.map_or(0, |start| start.decoded_offset)
    }

    /// Makes the decoder that goes on here; its first input is the byte at [`compressed_offset`](Self::compressed_offset).
    #[must_use]
    pub fn decoder(&self) -> Decoder {
        self.start.map_or_else(Decoder::new, |start| Decoder::resume(&start.place))
    }
}

/// Gathers checkpoints while a log is read.
#[derive(Debug)]
pub(super) struct Gathered {
    spacing: u64,
    most: usize,
    bytes: usize,
    pub(super) checkpoints: Vec<Checkpoint>,
}

impl Gathered {
    pub(super) fn new(options: IndexOptions) -> Self {
        Self { spacing: options.spacing, most: options.most, bytes: 0, checkpoints: Vec::new() }
    }

    /// Returns where the next checkpoint is due.
    pub(super) fn due(&self) -> u64 {
        self.checkpoints.last().map_or(0, |last| last.decoded_offset) + self.spacing
    }

    pub(super) fn add(&mut self, checkpoint: Checkpoint) {
        self.bytes += checkpoint.size();
        self.checkpoints.push(checkpoint);
        while self.checkpoints.len() > self.most || self.bytes > MOST_BYTES {
            let mut number = 0;
            self.checkpoints.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.bytes = self.checkpoints.iter().map(Checkpoint::size).sum();
            self.spacing *= 2;
        }
    }
}

/// Tells whether a place is one of a plain log; for [`Decoder::resume`].
impl Place {
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}
