//! Why a log cannot be decoded any further.

/// A log that cannot be decoded any further; what came before the place is good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at compressed byte {offset}")]
pub struct DecodeError {
    kind: DecodeErrorKind,
    offset: u64,
}

/// What is wrong with the compressed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The header of a member is not gzip's.
    #[error("bad gzip header")]
    Header,
    /// The deflate stream breaks its own rules.
    #[error("corrupt deflate data")]
    Data,
    /// The checksum of a member is not that of what was decoded.
    #[error("gzip checksum mismatch")]
    Checksum,
    /// The length of a member is not that of what was decoded.
    #[error("gzip length mismatch")]
    Length,
    /// The decoded log is longer than the limit that was set.
    #[error("decoded log longer than {0} bytes")]
    TooLong(u64),
}

impl DecodeError {
    pub(super) fn new(kind: DecodeErrorKind, offset: u64) -> Self {
        Self { kind, offset }
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Returns where it showed, in bytes from the start of the compressed log.
    ///
    /// Wrong checksums and lengths show at the end of their member. Corrupt deflate data and a limit that is passed
    /// show where the inflater stands by then, which may be some bytes behind the cause.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}
