//! Why lines of a log cannot be shown.

use treeherder_logparse::DecodeError;

use crate::http::HttpError;
use crate::store::StoreError;

/// Why lines of a log cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The log cannot be fetched from where it is.
    #[error("cannot fetch the log: {0}")]
    Fetch(#[from] HttpError),
    /// Its compressed data is damaged.
    #[error("cannot decode the log: {0}")]
    Decode(#[from] DecodeError),
    /// It changed while it was read, twice.
    #[error("the log changes while it is read")]
    Changing,
    /// The log is gone from the table of kept logs.
    #[error("the log is not kept any more")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ViewError {
    /// Tells whether there is no such log any more: the server says 403, 404 or 410, or the log is not kept.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Gone => true,
            Self::Fetch(error) => matches!(error.status(), Some(403 | 404 | 410)),
            _ => false,
        }
    }
}
