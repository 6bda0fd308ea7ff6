//! What several tests share: the slow and obviously correct parser, and the conformance data.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod conformance;
pub mod reference;
