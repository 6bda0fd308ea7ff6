//! Many processes on a real RabbitMQ and a real PostgreSQL, with other people's clients on the other side.

mod bridge;
mod inspect;
mod listeners;
mod monitor;
mod release;
mod schedulers;
mod serve;
pub(crate) mod servers;
mod tls;
mod units;
mod whole;
