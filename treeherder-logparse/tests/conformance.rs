//! Real logs give the expected result, however they are cut and whether they are compressed or not.
#![allow(clippy::unwrap_used, reason = "test code outside of the tests' own functions")]

mod support;

use serde_json::{Value, json};
use support::{conformance, reference};
use treeherder_logparse::{Decoder, Event, LogParser, Parser, Rules, Ruleset, Simd};

/// What the conformance files state about a log.
#[derive(Default)]
struct Found {
    errors: Vec<Value>,
    offsets: Vec<u64>,
    performance_data: Vec<Value>,
}

impl Found {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Failure(line) => {
                self.errors.push(json!({ "linenumber": line.line_number, "line": line.text }));
                self.offsets.push(line.offset);
            }
            Event::Performance(line) => self.performance_data.push(serde_json::to_value(line.data).unwrap()),
            Event::Problem(problem) => panic!("{problem}"),
            other => panic!("{other:?}"),
        }
    }

    fn assert_is(&self, lines: u64, expected: &Value, what: &str) {
        assert_eq!(lines, expected["lines"].as_u64().unwrap(), "lines of {what}");
        assert_eq!(self.errors, *expected["errors"].as_array().unwrap(), "errors of {what}");
        assert_eq!(
            self.performance_data,
            *expected["performance_data"].as_array().unwrap(),
            "data of {what}"
        );
    }
}

fn decode(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut decoder = Decoder::new();
    decoder.push(raw, &mut |decoded| text.extend_from_slice(decoded)).unwrap();
    let decoded = decoder.finish(&mut |_| panic!("nothing is left"));
    assert!(!decoded.truncated);
    text
}

#[test]
fn compressed_logs_in_chunks_of_any_size() {
    for (name, raw, expected) in conformance::logs() {
        for size in [raw.len(), 1, 7, 512, 65536] {
            let mut found = Found::default();
            let mut log = LogParser::default();
            for chunk in raw.chunks(size) {
                log.feed(chunk, &mut |event| found.take(event)).unwrap();
            }
            let report = log.finish(&mut |event| found.take(event));
            found.assert_is(report.summary.lines, &expected, &format!("{name} in {size}"));
        }
    }
}

#[test]
fn decoded_logs_in_chunks_of_any_size_with_any_instructions() {
    let ruleset = Ruleset::builtin("treeherder").unwrap();
    for (name, raw, expected) in conformance::logs() {
        let text = decode(&raw);
        let lines = reference::lines(&text);
        for simd in Simd::available() {
            let rules = Rules::compile_for(&ruleset, simd).unwrap();
            for size in [text.len(), 1, 7, 512, 65536] {
                let mut found = Found::default();
                let mut parser = Parser::builder().rules(rules.clone()).build();
                for chunk in text.chunks(size) {
                    parser.feed(chunk, &mut |event| found.take(event));
                }
                let summary = parser.finish(&mut |event| found.take(event));
                let what = format!("{name} in {size} with {simd}");
                found.assert_is(summary.lines, &expected, &what);
                assert_eq!(summary.bytes, text.len() as u64, "{what}");
                for (error, offset) in found.errors.iter().zip(&found.offsets) {
                    let number = error["linenumber"].as_u64().unwrap() as usize;
                    assert_eq!(lines[number].0, *offset, "{what}");
                }
            }
        }
    }
}

#[test]
fn without_a_limit_every_log_equals_the_reference() {
    for (name, raw, _) in conformance::logs() {
        let text = decode(&raw);
        let mut found = Vec::new();
        let mut parser = Parser::builder().max_failure_lines(None).build();
        let mut sink = |event: Event<'_>| {
            if let Event::Failure(line) = event {
                found.push((line.line_number, line.offset, line.text.to_owned()));
            }
        };
        parser.feed(&text, &mut sink);
        parser.finish(&mut sink);
        assert_eq!(found, reference::failures(&text, None), "{name}");
    }
}
