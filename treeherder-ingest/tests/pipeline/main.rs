//! The pipeline as a whole: messages in, rows out, whatever goes wrong on the way.
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

#[path = "../support/mod.rs"]
mod support;

mod bridge_jobs;
mod conformance;
mod crash;
mod faults;
mod harness;
mod items;
#[path = "../network/server.rs"]
mod server;
mod storage;
mod whole;
