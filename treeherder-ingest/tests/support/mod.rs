//! What several test binaries share.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub(crate) mod database;
pub(crate) mod ports;
pub(crate) mod postgres;
pub(crate) mod python;
pub(crate) mod rabbitmq;
pub(crate) mod tls;
