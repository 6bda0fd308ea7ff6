//! A streaming parser that finds failure lines and performance data in CI logs of any size.
//!
//! # Overview
//!
//! Three types do the work, each on top of the one before:
//!
//! * [`Rules`] say which lines are failure lines. They are compiled from a [`Ruleset`], which is data: Treeherder's own
//!   and some others are shipped ([`builtin_names`]), yours come from TOML.
//! * [`Parser`] takes a decoded log in chunks of any size and hands out [`Event`]s that borrow from the chunk. It does
//!   no I/O, needs no runtime, allocates nothing for lines that yield nothing, and keeps only an unfinished line.
//! * [`LogParser`] takes the raw bytes instead, gzipped (as it comes: several members, truncated, with garbage behind
//!   it) or plain. [`parse_reader`] and [`parse_stream`] drive it from a reader or an asynchronous stream.
//!
//! Whoever wants to read lines of a log later notes a [`LogIndex`] on the way, with places where a [`Decoder`] can begin.
//!
//! Beside them, [`errorsummary`] reads structured error summaries, [`perf`] has the typed model of performance data
//! and its validation, and [`artifact`] writes what was found in the form in which Treeherder exchanges it.
//!
//! # Example
//!
//! ```
//! use treeherder_logparse::{Event, Parser};
//!
//! let log = b"[taskcluster 2026-11-22 10:00:00.000Z] Task ID: abc\n\
//!     [task 2026-11-22T10:00:01.000Z] 10:00:01     INFO - TEST-PASS | a.js\n\
//!     [task 2026-11-22T10:00:02.000Z] 10:00:02     INFO - TEST-UNEXPECTED-FAIL | b.js | boom\n";
//!
//! let mut parser = Parser::new();
//! let mut lines = Vec::new();
//! let mut sink = |event: Event<'_>| {
//!     if let Event::Failure(line) = event {
//!         lines.push(format!("{}: {}", line.line_number, line.text));
//!     }
//! };
//! parser.feed(log, &mut sink);
//! parser.finish(&mut sink);
//! assert_eq!(lines, ["2: 10:00:02     INFO - TEST-UNEXPECTED-FAIL | b.js | boom"]);
//! ```
//!
//! # Features
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `gzip` | [`Decoder`], [`LogParser`] (pure Rust: zlib-rs) | yes |
//! | `read` | [`parse_reader`] | yes |
//! | `stream` | [`parse_stream`] | |
//! | `cli` | the `logparse` program and what only it needs | yes |
//!
//! A library that wants none of the program's dependencies takes
//! `default-features = false, features = ["gzip"]`.
#![cfg_attr(
    not(all(feature = "gzip", feature = "read", feature = "stream")),
    allow(rustdoc::broken_intra_doc_links, reason = "the overview names what features add")
)]

pub mod artifact;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "gzip")]
mod decode;
mod engine;
pub mod errorsummary;
mod event;
mod json;
mod last_failure;
mod line;
mod parser;
pub mod perf;
#[cfg(feature = "read")]
mod read;
mod rules;
mod scan;
#[cfg(feature = "gzip")]
mod seek;
#[cfg(feature = "stream")]
mod stream;

#[cfg(feature = "gzip")]
pub use decode::{DecodeError, DecodeErrorKind, Decoded, Decoder, Format, LogParser, Report};
pub use event::{Event, FailureLine, PerformanceLine, Problem, ProblemKind, Summary};
pub use json::RawJson;
pub use parser::{DEFAULT_MAX_PERFORMANCE_LINE, Parser, ParserBuilder};
#[cfg(feature = "read")]
pub use read::{ReadError, ReadErrorKind, parse_reader};
pub use rules::{Rule, RuleMatcher, Rules, RulesError, Ruleset, StageRules, StripRule, builtin_names};
pub use scan::Simd;
#[cfg(feature = "gzip")]
pub use seek::{Checkpoint, IndexError, IndexOptions, LineCollector, LogIndex, LogLine, Place, Segment};
#[cfg(feature = "stream")]
pub use stream::{StreamError, StreamErrorKind, parse_stream};

/// The example of the README, compiled and run with the documentation's own.
#[cfg(all(doctest, feature = "gzip"))]
#[doc = include_str!("../README.md")]
struct Readme;
