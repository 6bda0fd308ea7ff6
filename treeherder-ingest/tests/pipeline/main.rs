//! The pipeline as a whole: messages in, rows out, whatever goes wrong on the way.
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

#[path = "../support/mod.rs"]
mod support;

mod bridge_jobs;
mod conformance;
mod crash;
mod events;
mod faults;
mod harness;
mod items;
mod log_view;
#[path = "../network/server.rs"]
mod server;
mod storage;
mod submit;
mod whole;
