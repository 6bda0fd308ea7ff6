//! Streaming CI-log parser.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "gzip")]
mod decode;
mod engine;
mod event;
mod line;
mod parser;
pub mod perf;
#[cfg(feature = "read")]
mod read;
mod rules;
mod scan;
#[cfg(feature = "stream")]
mod stream;

#[cfg(feature = "gzip")]
pub use decode::{DecodeError, DecodeErrorKind, Decoded, Decoder, Format, LogParser, Report};
pub use event::{Event, FailureLine, PerformanceLine, Problem, ProblemKind, Summary};
pub use parser::{DEFAULT_MAX_PERFORMANCE_LINE, Parser, ParserBuilder};
#[cfg(feature = "read")]
pub use read::{ReadError, ReadErrorKind, parse_reader};
pub use rules::{Rule, RuleMatcher, Rules, RulesError, Ruleset, StageRules, StripRule, builtin_names};
pub use scan::Simd;
#[cfg(feature = "stream")]
pub use stream::{StreamError, StreamErrorKind, parse_stream};
