//! What is done with the messages of a queue.

use std::time::Duration;

use async_trait::async_trait;

use super::{Delivery, Disposition, Failure, error_text};

/// Processes messages of a queue.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Processes a batch and returns one outcome per message, in the same order.
    ///
    /// The effect of a message whose outcome is [`Outcome::Done`] is committed when this returns. The batch holds at
    /// most as many messages as the pool allows; a message that failed before always comes alone. The future is
    /// dropped when the soft time limit passes or a stop's deadline is over.
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome>;
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is committed: remove it.
    Done,
    /// It failed in a way that can pass: try again as the retry policy says, then keep it as a dead letter.
    Retry {
        /// Why it failed.
        error: String,
    },
    /// As [`Retry`](Self::Retry), but after a time that the other side asked for.
    RetryAfter {
        /// After which time.
        delay: Duration,
        /// Why it failed.
        error: String,
    },
    /// It can never succeed: keep it as a dead letter.
    Dead {
        /// Why it failed.
        error: String,
    },
    /// The batch failed as a whole: hand this message in again at once, alone. For a message that is alone this
    /// is [`Retry`](Self::Retry).
    Isolate {
        /// Why the batch failed.
        error: String,
    },
}

impl Outcome {
    /// Returns the outcome that an error asks for.
    #[must_use]
    pub fn failed(failure: &impl Failure) -> Self {
        let error = error_text(failure);
        match failure.disposition() {
            Disposition::Retry => Self::Retry { error },
            Disposition::Permanent => Self::Dead { error },
        }
    }
}

impl<F: Failure> From<Result<(), F>> for Outcome {
    fn from(result: Result<(), F>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(failure) => Self::failed(&failure),
        }
    }
}
