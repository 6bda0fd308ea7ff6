//! Behaviour of the queues and of the workers on them.

mod backend;
mod interleavings;
mod suite;
mod transaction;
mod worker;

queue_test_suite!(sqlite, backend::Sqlite);
queue_test_suite!(postgres, backend::Postgres);
