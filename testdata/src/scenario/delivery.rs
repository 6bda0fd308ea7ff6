//! How an artifact comes from storage.

use super::Special;
use crate::logs::Packing;

/// How an artifact is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// `200`, one gzip member with `Content-Encoding: gzip`.
    Gzip,
    /// `200`, several gzip members.
    MultiMember,
    /// `200`, not compressed and not said to be.
    Plain,
    /// `200`, a gzip stream that ends early, as a whole answer.
    Truncated,
    /// `200`, a damaged gzip stream.
    Corrupt,
    /// `200`, no byte.
    Empty,
    /// Always this status.
    Status(u16),
    /// `200`, not compressed, at so many bytes per second: a log that is still being written.
    Live(u32),
    /// `500` this many times, then as it should be.
    ServerErrors(u32),
}

impl Delivery {
    /// Returns the form of the bytes, when there are any.
    pub fn packing(self) -> Packing {
        match self {
            Self::MultiMember => Packing::MultiMember(16 * 1024),
            Self::Plain | Self::Live(_) => Packing::Plain,
            Self::Truncated => Packing::Truncated(75),
            Self::Corrupt => Packing::Corrupt(50),
            Self::Empty => Packing::Empty,
            Self::Gzip | Self::Status(_) | Self::ServerErrors(_) => Packing::Gzip,
        }
    }

    /// Says whether the artifact can be read in the end (`spec/ingest.md` §5.2: a truncated stream counts as
    /// far as it goes).
    pub fn succeeds(self) -> bool {
        !matches!(self, Self::Status(_) | Self::Corrupt)
    }

    pub(crate) fn of_log(special: Option<Special>) -> Self {
        match special {
            Some(Special::LogNotFound) => Self::Status(404),
            Some(Special::LogForbidden) => Self::Status(403),
            Some(Special::LogServerError) => Self::ServerErrors(2),
            Some(Special::LogTruncated) => Self::Truncated,
            Some(Special::LogCorrupt) => Self::Corrupt,
            Some(Special::LogPlain) => Self::Plain,
            Some(Special::LogEmpty) => Self::Empty,
            Some(Special::LogMultiMember) => Self::MultiMember,
            _ => Self::Gzip,
        }
    }

    pub(crate) fn of_summary(special: Option<Special>) -> Self {
        if special == Some(Special::SummaryNotFound) { Self::Status(404) } else { Self::Gzip }
    }
}
