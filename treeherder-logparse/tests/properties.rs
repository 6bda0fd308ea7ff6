//! Whatever a log holds and however it is cut: the result is the plain reference's, and nothing panics.
#![allow(clippy::unwrap_used, reason = "test code outside of the tests' own functions")]

mod support;

use std::{io::Write as _, sync::LazyLock};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use support::{
    found::{Found, Seen, parse, parse_raw},
    fragments, reference,
};
use treeherder_logparse::{
    DEFAULT_MAX_PERFORMANCE_LINE, LogParser, Parser, ParserBuilder, Rules, Ruleset, Simd, perf,
};

/// Treeherder's rules with each set of instructions that this CPU has.
static RULES: LazyLock<Vec<(Simd, Rules)>> = LazyLock::new(|| {
    let ruleset = Ruleset::builtin("treeherder").unwrap();
    Simd::available().map(|simd| (simd, Rules::compile_for(&ruleset, simd).unwrap())).collect()
});

fn parsers(max: Option<usize>) -> impl Iterator<Item = (Simd, ParserBuilder)> {
    RULES
        .iter()
        .map(move |(simd, rules)| (*simd, Parser::builder().rules(rules.clone()).max_failure_lines(max)))
}

/// What performance data a log has, line by line.
fn performance(log: &[u8]) -> Vec<Seen> {
    reference::performance_lines(log)
        .filter_map(|(number, offset, line)| {
            if line.len() > DEFAULT_MAX_PERFORMANCE_LINE {
                let message =
                    format!("performance data longer than {DEFAULT_MAX_PERFORMANCE_LINE} bytes was skipped");
                return Some(Seen::Problem(number, offset, message));
            }
            match perf::parse_line(line) {
                perf::Outcome::NotPerformanceData => None,
                perf::Outcome::Data(data) => Some(Seen::Performance(number, offset, format!("{data:?}"))),
                perf::Outcome::Problem(problem) => Some(Seen::Problem(number, offset, problem.to_string())),
            }
        })
        .collect()
}

fn assert_sums(found: &Found, log: &[u8]) {
    let count = |kind: fn(&Seen) -> bool| found.events.iter().filter(|seen| kind(seen)).count() as u64;
    assert_eq!(found.summary.lines, reference::lines(log).len() as u64);
    assert_eq!(found.summary.bytes, log.len() as u64);
    assert_eq!(found.summary.failure_lines, count(|seen| matches!(seen, Seen::Failure(..))));
    assert_eq!(found.summary.performance_data, count(|seen| matches!(seen, Seen::Performance(..))));
    assert_eq!(found.summary.problems, count(|seen| matches!(seen, Seen::Problem(..))));
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(support::cases(400))]

    #[test]
    fn equals_the_reference_in_any_chunks(
        log in fragments::log(),
        lengths in fragments::lengths(),
        max in prop_oneof![Just(None), (1..=5usize).prop_map(Some)],
    ) {
        let failures = reference::failures(&log, max);
        let performance = performance(&log);
        let mut first: Option<Found> = None;
        for (simd, builder) in parsers(max) {
            let whole = parse(builder.clone().build(), &log, &[usize::MAX]);
            prop_assert_eq!(whole.failures(), failures.clone(), "{}", simd);
            prop_assert_eq!(whole.rest(), performance.clone(), "{}", simd);
            assert_sums(&whole, &log);
            let cut = parse(builder.build(), &log, &lengths);
            prop_assert_eq!(&cut, &whole, "in {:?} with {}", lengths, simd);
            prop_assert_eq!(first.get_or_insert_with(|| whole.clone()), &whole, "{}", simd);
        }
    }

    #[test]
    fn compressed_or_not_makes_no_difference(
        log in fragments::log(),
        split in any::<prop::sample::Index>(),
        lengths in fragments::lengths(),
    ) {
        let whole = parse(Parser::new(), &log, &[usize::MAX]);
        let middle = split.index(log.len() + 1);
        let members = [gzip(&log[..middle]), gzip(&log[middle..])].concat();
        for raw in [gzip(&log), members] {
            let (events, report) = parse_raw(Parser::new(), &raw, &lengths);
            prop_assert_eq!(&events, &whole.events);
            prop_assert_eq!(report.summary, whole.summary);
            prop_assert_eq!(report.decoded.decoded_bytes, log.len() as u64);
        }
        if !log.starts_with(&[0x1F, 0x8B]) {
            let (events, report) = parse_raw(Parser::new(), &log, &lengths);
            prop_assert_eq!(&events, &whole.events);
            prop_assert_eq!(report.summary, whole.summary);
        }
    }

    #[test]
    fn no_bytes_are_too_odd(bytes: Vec<u8>, gzip_magic: bool, lengths in fragments::lengths()) {
        let found = parse(Parser::new(), &bytes, &lengths);
        prop_assert_eq!(found.summary.bytes, bytes.len() as u64);
        let bytes = if gzip_magic { [b"\x1f\x8b\x08\0".as_slice(), &bytes].concat() } else { bytes };
        let mut log = LogParser::default();
        let mut good = true;
        for piece in support::found::pieces(&bytes, &lengths) {
            let fed = log.feed(piece, &mut |_| ());
            prop_assert!(good || fed.is_err(), "an error stays");
            good &= fed.is_ok();
        }
        let report = log.finish(&mut |_| ());
        prop_assert!(report.decoded.compressed_bytes <= bytes.len() as u64);
    }
}

/// The limits of a line's length, at every byte around them and in whole chunks and small ones.
#[test]
fn long_lines_equal_the_reference() {
    let head = reference::HEAD;
    for (marker, length) in
        [("", 480), ("", head - 30), ("PERFHERDER_DATA ", 480), ("PERFHERDER_DATA ", head - 30)]
    {
        for more in (0..40).chain([head, 3 * head]) {
            let mut log = b"[taskcluster x]\n[x 2020-01] ".to_vec();
            log.extend_from_slice(marker.as_bytes());
            log.resize(log.len() + length + more, b'x');
            log.extend_from_slice(
                b" PROCESS-CRASH PERFHERDER_DATA: {\"framework\": {}, \"suites\": []}\r\nabort: y\r\n",
            );
            for (simd, builder) in parsers(None) {
                for lengths in [&[usize::MAX][..], &[7], &[65_536], &[65_535, 1], &[1000]] {
                    let found = parse(builder.clone().build(), &log, lengths);
                    assert_eq!(
                        found.failures(),
                        reference::failures(&log, None),
                        "{marker}{length} + {more} {simd}"
                    );
                    assert_eq!(found.rest(), performance(&log), "{marker}{length} + {more} {simd}");
                    assert_sums(&found, &log);
                }
            }
        }
    }
}

/// A line of performance data at the limit of its length, and beyond.
#[test]
fn performance_lines_at_their_limit_are_the_same_in_any_chunks() {
    let limit = 100_000;
    let shell = "PERFHERDER_DATA: {\"framework\": {\"name\": \"\"}, \"suites\": []}";
    for over in [-1_i64, 0, 1, 70_000] {
        let name = "n".repeat((limit + over) as usize - shell.len());
        let log = format!("{}\nabort: x\n", shell.replacen("\"\"", &format!("\"{name}\""), 1));
        for (simd, builder) in parsers(None) {
            let builder = builder.max_performance_line(limit as usize);
            let whole = parse(builder.clone().build(), log.as_bytes(), &[usize::MAX]);
            assert_eq!(whole.summary.problems, u64::from(over > 0), "{over} {simd}");
            assert_eq!(whole.summary.performance_data, u64::from(over <= 0), "{over} {simd}");
            assert_eq!(whole.summary.failure_lines, 1);
            for lengths in [&[1][..], &[512], &[65_536], &[99_999, 1, 1]] {
                assert_eq!(parse(builder.clone().build(), log.as_bytes(), lengths), whole, "{over} {simd}");
            }
        }
    }
}
