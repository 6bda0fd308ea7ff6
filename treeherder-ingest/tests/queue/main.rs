//! Behaviour of the queues and of the workers on them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

#[path = "../support/mod.rs"]
mod support;

mod backend;
mod begin;
mod interleavings;
mod observed;
mod rates;
mod remove;
mod restart;
mod silent;
mod suite;
mod transaction;
mod worker;

queue_test_suite!(sqlite, backend::Sqlite);
queue_test_suite!(postgres, backend::Postgres);
queue_test_suite!(rabbitmq, backend::Rabbit);
