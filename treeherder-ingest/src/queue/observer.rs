//! Who looks on while workers work.

use std::fmt;
use std::time::Duration;

use super::{Delivery, Receipt};

/// Is told what workers do with messages; monitoring is made of it.
///
/// Every method is called on the way of the data: it returns at once, waits for nothing and cannot fail.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Messages were claimed.
    fn received(&self, deliveries: &[Delivery]);

    /// Tells whether somebody revoked the message: then it is removed without being worked on.
    fn is_revoked(&self, delivery: &Delivery) -> bool;

    /// A handler starts on messages.
    fn started(&self, receipts: &[Receipt]);

    /// A handler has returned, or was ended; `took` is the time of all of them together.
    fn handled(&self, receipts: &[Receipt], took: Duration);

    /// What became of a message is written down.
    fn ended(&self, receipt: Receipt, ending: Ending<'_>);
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'e> {
    /// Its effect is committed.
    Succeeded,
    /// It failed and will be tried again.
    Retried {
        /// After which time.
        delay: Duration,
        /// Why it failed.
        error: &'e str,
    },
    /// It was given up and is a dead letter now.
    Dead {
        /// Why it failed.
        error: &'e str,
    },
    /// It was removed because somebody revoked it.
    Revoked,
    /// It was given back without an attempt.
    Released,
}
