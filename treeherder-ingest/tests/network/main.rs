//! Behaviour of everything that fetches, against servers on 127.0.0.1.

#![expect(clippy::unwrap_used, reason = "the lint spares test functions, but not their helpers")]

mod http_client;
mod log_fetch;
mod memory;
mod push_database;
mod push_messages;
mod pushlog_poll;
mod server;
