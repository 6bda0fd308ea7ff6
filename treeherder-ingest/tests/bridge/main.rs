//! The bridge: what is published about which task event, and what becomes of everything else.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod broker;
#[path = "../jobs_support/conformance.rs"]
mod conformance;
mod consume;
mod drops;
mod events;
mod limits;
mod links;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../support/rabbitmq.rs"]
#[expect(dead_code, reason = "other tests need a second virtual host and restarts")]
mod rabbitmq;
mod real;
mod references;
mod running;
mod support;
#[path = "../support/tls.rs"]
#[allow(dead_code, reason = "each test binary uses a part")]
mod tls;
