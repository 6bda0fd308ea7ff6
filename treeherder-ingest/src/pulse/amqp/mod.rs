//! Pulse itself: deliveries over AMQP (§1.4–1.7).

mod connect;
mod prune;
mod source;
mod subscribe;

pub(crate) use connect::{connect, end};
pub use prune::PulseGuardian;
pub use source::{AmqpSource, AmqpSourceOptions};
