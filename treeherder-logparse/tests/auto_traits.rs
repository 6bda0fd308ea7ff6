//! What can cross threads, and what survives a panic: checked by the compiler.

use std::panic::{RefUnwindSafe, UnwindSafe};

use treeherder_logparse::{
    Decoded, Decoder, LogParser, Parser, ParserBuilder, Report, Rules, RulesError, Ruleset, Simd, Summary,
    errorsummary::{ErrorSummary, ErrorSummaryReader},
    perf::PerformanceData,
};

fn is_free<T: Send + Sync + UnwindSafe + RefUnwindSafe + 'static>() {}

#[test]
fn public_types_go_anywhere() {
    is_free::<Parser>();
    is_free::<ParserBuilder>();
    is_free::<Rules>();
    is_free::<RulesError>();
    is_free::<Ruleset>();
    is_free::<Simd>();
    is_free::<Summary>();
    is_free::<Decoded>();
    is_free::<Report>();
    is_free::<ErrorSummary>();
    is_free::<ErrorSummaryReader>();
    is_free::<PerformanceData>();
}

/// The inflater keeps them from being unwind safe.
#[test]
fn decoders_go_to_any_thread() {
    fn is_send<T: Send + Sync + 'static>() {}

    is_send::<LogParser>();
    is_send::<Decoder>();
}

#[cfg(feature = "stream")]
#[test]
fn streams_are_parsed_on_any_thread() {
    fn is_send(_: &impl Send) {}

    let stream = futures_util::stream::empty::<std::io::Result<bytes::Bytes>>();
    is_send(&treeherder_logparse::parse_stream(stream, Parser::new(), |_| ()));
}
