//! What several test binaries share.

pub mod database;
pub mod postgres;
