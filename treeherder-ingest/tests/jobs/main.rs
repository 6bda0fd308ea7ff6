//! Job messages: what the loader makes of them and which it refuses.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../jobs_support/conformance.rs"]
mod conformance;
mod limits;
mod load;
mod real;
mod schemas;
mod support;
