//! Behaviour of the listener and of the sources inside the process.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

#[path = "../support/ports.rs"]
mod ports;
#[path = "../support/python.rs"]
mod python;
#[path = "../support/rabbitmq.rs"]
#[allow(dead_code, reason = "each test binary uses a part")]
mod rabbitmq;
#[path = "../support/tls.rs"]
#[allow(dead_code, reason = "each test binary uses a part")]
mod tls;

mod amqp;
mod listener;
mod replay;
mod support;
