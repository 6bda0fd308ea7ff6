//! Internal queues: lease, acknowledge, retry, dead letters (`spec/ingest.md` §2).
//!
//! A [`Message`] is published to one of the queues of [`QueueName`] and stays there until its effect is
//! committed. [`Queue::claim`] hands it out as a [`Delivery`] under a lease; whoever holds the lease settles it:
//! [`ack`](Queue::ack) removes it, [`retry`](Queue::retry) makes it due again later and [`dead`](Queue::dead)
//! keeps it, with its error, for people to look at and to [put back](Queue::put_back). A process that dies settles
//! nothing: its leases run out and the messages are handed out again. So every message is handled at least once,
//! and handlers have to be idempotent.
//!
//! [`SqlQueue`] keeps the messages in a table of SQLite or PostgreSQL ([`Migration`] creates it),
//! [`RabbitQueue`] in quorum queues of a broker. [`Worker`] runs
//! [`Handler`]s over any [`Queue`] with the retry policy of §2.4 ([`RetryPolicy`]); an [`Observer`] may look on.

mod batch;
mod clock;
mod contract;
mod error;
mod handler;
mod message;
mod message_id;
mod migration;
mod name;
mod observer;
mod rabbit;
mod retry;
mod sql;
mod statistics;
mod wake;
mod worker;

pub use clock::{Clock, ManualClock, SystemClock};
pub use contract::Queue;
pub use error::QueueError;
pub use handler::{Handler, Outcome};
pub use message::{
    Burial, DeadLetter, Delivery, Depth, MAX_ERROR_CHARS, MAX_PAYLOAD_BYTES, Message, Page, Priority,
    Receipt, Retry, Waiting,
};
pub use message_id::{MessageId, NoMessageId};
pub use migration::Migration;
pub use name::{QueueName, UnknownQueue};
pub use observer::{Ending, Observer};
pub use rabbit::{RabbitOptions, RabbitQueue};
pub use retry::{Disposition, Failure, RetryPolicy, error_text};
pub use sql::{Published, SqlQueue};
pub use statistics::{QueueCounts, Statistics};
pub use wake::WakeUp;
pub use worker::{PoolOptions, Worker, WorkerOptions};
