//! What the measurements of this project have in common: the logs, the clock, the peers, and hostile inputs.
//!
//! `src/bin/parser-table.rs` measures the parser beside its baselines in one run and prints the table of the README;
//! `src/bin/ingest-table.rs` does the same for the pipeline, `src/bin/api-table.rs` for the API,
//! `src/bin/cluster-table.rs` for deployments of many processes, which `src/bin/chaos.rs` kills. `benches/*.rs` are criterion benchmarks for daily work. All
//! check the results of what they time.

pub mod adversary;
#[cfg(feature = "ingest")]
pub mod api_data;
#[cfg(feature = "ingest")]
pub mod cluster;
pub mod corpus;
pub mod line_parser;
pub mod machine;
pub mod peers;
pub mod process;
pub mod process_time;
pub mod table;
pub mod timing;

/// Runs the README's example when the documentation's examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
