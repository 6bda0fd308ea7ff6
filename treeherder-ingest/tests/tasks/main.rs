//! Task events: which give a job, what the job looks like, and why others give none.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod artifacts;
mod cache;
#[path = "../jobs_support/conformance.rs"]
mod conformance;
mod drops;
mod http_queue;
mod messages;
mod real;
mod support;
