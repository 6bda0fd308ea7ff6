//! A place at which a decoder can begin.

/// A place in a log at which a decoder can begin, and what lies before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Where it is in the raw log.
    pub place: Place,
    /// Bytes of the decoded log before it.
    pub decoded_offset: u64,
    /// Lines that end before it; the place itself may be in the middle of the next one.
    pub lines: u64,
}

/// Where a decoder can begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this byte of a log that is not compressed.
    Plain(u64),
    /// At this byte, with which a member of a gzipped log begins.
    Member(u64),
    /// Between two blocks of a deflate stream.
    Block {
        /// First bit, counted from the start of the raw log.
        bit_offset: u64,
        /// The text before it, up to 32 KiB, deflated.
        window: Box<[u8]>,
    },
}

impl Checkpoint {
    /// Returns the first byte of the raw log that is needed.
    #[must_use]
    pub fn compressed_offset(&self) -> u64 {
        match &self.place {
            Place::Plain(offset) | Place::Member(offset) => *offset,
            Place::Block { bit_offset, .. } => bit_offset / 8,
        }
    }

    /// Returns about how much memory it takes.
    pub(super) fn size(&self) -> usize {
        match &self.place {
            Place::Plain(_) | Place::Member(_) => 32,
            Place::Block { window, .. } => 32 + window.len(),
        }
    }
}
