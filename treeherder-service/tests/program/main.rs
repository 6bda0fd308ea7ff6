//! The `treeherder` program as people and deployments use it.
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

mod support;

#[path = "../../../treeherder-ingest/tests/support/mod.rs"]
mod servers;

mod bad_input;
mod crash;
mod cycle;
mod demo;
mod deployment;
mod doctor;
mod help;
mod ingest;
mod inspect;
mod monitor;
mod order;
mod replay_file;
mod stop;
mod supervise;
mod telemetry;
mod web;
