//! Our own test data: logs, error summaries, performance data, Pulse messages and the servers behind them.
//!
//! Everything is made up by a seeded generator, so it is the same on every run, needs no data of others, and
//! comes with the result that a correct ingestion must give, known by construction:
//!
//! * [`logs`] writes CI logs of any length as a stream, with the failure lines planted in them;
//! * [`errorsummary`] and [`perf`] write the structured artifacts of test jobs;
//! * [`scenario`] sends the Pulse messages of a made-up CI system;
//! * [`standin`] is the server that those messages point to.
pub mod errorsummary;
pub mod files;
pub mod logs;
pub mod perf;
mod rng;
pub mod scenario;
pub mod standin;
mod time;

pub use rng::{Rng, mix};
pub use time::{iso_millis, iso_seconds};
