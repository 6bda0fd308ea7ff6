//! Task events: which give a job, what the job looks like, and why others give none.

mod artifacts;
mod cache;
#[path = "../jobs_support/conformance.rs"]
mod conformance;
mod drops;
mod http_queue;
mod messages;
mod real;
mod support;
