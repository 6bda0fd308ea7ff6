//! What can go wrong with a queue.

use sea_orm::DbErr;
use thiserror::Error;

use super::{QueueName, UnknownQueue};

/// A queue operation failed; nothing of it took effect.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The database refused; trying again can help.
    #[error("cannot {operation}: {source}")]
    Database {
        /// What was being done.
        operation: &'static str,
        /// What the database said.
        source: DbErr,
    },
    /// The broker refused; trying again can help.
    #[error("cannot {operation}: {reason}")]
    Broker {
        /// What was being done.
        operation: &'static str,
        /// What the broker said.
        reason: String,
    },
    /// No such queue.
    #[error(transparent)]
    UnknownQueue(#[from] UnknownQueue),
    /// The payload exceeds [`MAX_PAYLOAD_BYTES`](super::MAX_PAYLOAD_BYTES).
    #[error("message for queue {queue} has {bytes} bytes, more than a queue takes")]
    TooLarge {
        /// Where it should have gone.
        queue: QueueName,
        /// How large it is.
        bytes: usize,
    },
    /// PostgreSQL cannot store NUL characters in text.
    #[error("message for queue {queue} holds a NUL character at byte {place}")]
    NulCharacter {
        /// Where it should have gone.
        queue: QueueName,
        /// Where the character is.
        place: usize,
    },
}

impl QueueError {
    /// Tells whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Database { .. } | Self::Broker { .. })
    }
}
