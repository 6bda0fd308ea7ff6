//! A deployment of many processes on servers of its own: RabbitMQ, PostgreSQL, and stand-ins for everything outside.
//!
//! [`Servers`] are started for one run and are gone after it, [`Story`] has the messages and what they lead to, and a
//! [`Deployment`] runs processes of the `treeherder` program. [`chaos`] kills and restarts all of it and compares what
//! is stored in the end; the measurement of `bin/cluster-table.rs` lets it work in peace.

pub mod chaos;
mod dead_letters;
mod deployment;
mod publisher;
mod rows;
mod servers;
mod story;

pub use deployment::{Deployment, Process};
pub use publisher::Publisher;
pub use rows::{first_differences, rows_of};
pub use servers::Servers;
pub use story::Story;
