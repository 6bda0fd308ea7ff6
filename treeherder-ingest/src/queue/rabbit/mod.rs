//! Queues on RabbitMQ (`spec/ingest.md` §2).
//!
//! Each [`QueueName`] has a quorum queue `<prefix><name>`, one for high priority (`.high`), one for dead letters
//! (`.dead`) and, as far as they are needed, waiting queues, one per back-off step (`.retry.<ms>`), whose
//! messages expire into the work queue. They are declared when first used.

mod browse;
mod consumers;
mod counter;
mod depth;
mod envelope;
mod feed;
mod options;
mod queue;
mod session;
mod settle;
mod topology;
mod unconfirmed;

pub use options::RabbitOptions;
pub use queue::RabbitQueue;
