//! The `logparse` program, run as people run it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, unreachable_pub, reason = "this is all test code")]

mod arguments;
mod errorsummary;
mod inputs;
mod json;
mod rules;
#[path = "../support/mod.rs"]
mod shared;
mod support;
mod text;
