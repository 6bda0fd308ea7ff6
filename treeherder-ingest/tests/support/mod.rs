//! What several test binaries share.

#![allow(dead_code, reason = "each test binary uses a part")]

pub(crate) mod database;
pub(crate) mod postgres;
