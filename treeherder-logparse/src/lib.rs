//! treeherder-logparse

pub mod artifact;
pub mod errorsummary;
mod json;
pub mod perf;

pub use json::RawJson;
