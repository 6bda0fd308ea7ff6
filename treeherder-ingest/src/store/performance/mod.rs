//! Performance data: series, points and their single measurements (`spec/api.md` §6.3).
//!
//! What an artifact means is worked out by [`perf`](crate::perf); this module writes it and reads it back.

mod datum;
mod ingest;
mod job_data;
pub(super) mod seed;
mod signature;

pub use ingest::{IgnoredFramework, PerformanceOptions, StoredPerformance};
pub use job_data::{PerformanceJobData, PerformancePoint};
