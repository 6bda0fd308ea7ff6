//! Criterion benchmarks of the parser and the pipeline, and the programs around them: `bench-table` makes the tables of
//! the README, `tune-probes` the pieces of text that a ruleset is searched by.

/// Runs the README's example when the documentation's examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
