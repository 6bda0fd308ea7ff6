//! What several tests share: the slow and obviously correct parser, logs to compare it on, and the conformance data.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test code, of which each binary uses a part"
)]

pub mod conformance;
pub mod found;
pub mod fragments;
pub mod reference;
pub mod ruleset;

use proptest::test_runner::Config;

/// Runs this many cases of a property, or more when `PROPTEST_CASES` says so.
pub fn cases(cases: u32) -> Config {
    let default = Config::default();
    Config { cases: cases.max(default.cases), failure_persistence: None, ..default }
}
