//! Live events and logs, as browsers and programs of others see them.
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../program/support.rs"]
mod support;

#[path = "../../../treeherder-ingest/tests/support/python.rs"]
mod installed;

mod events;
mod limits;
mod logs;
mod python;
mod reader;
mod slow;
mod socket_io;
mod stop;
mod submit;
mod wire;
