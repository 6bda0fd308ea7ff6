//! From gzipped bytes to events, for each set of vector instructions and for kinds of logs.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use treeherder_benches::corpus::{Corpus, Log, RAW_PIECE};
use treeherder_logparse::{LogParser, Parser, Rules, Ruleset, Simd};

fn parse(log: &Log, rules: &Rules, max: Option<usize>) -> u64 {
    let mut parser = LogParser::new(Parser::builder().rules(rules.clone()).max_failure_lines(max).build());
    for piece in log.gzipped.chunks(RAW_PIECE) {
        parser.feed(piece, &mut |_| ()).expect("the log is sound");
    }
    let summary = parser.finish(&mut |_| ()).summary;
    assert_eq!(summary.bytes, log.text.len() as u64);
    summary.failure_lines + summary.performance_data
}

fn gzipped(criterion: &mut Criterion) {
    let ruleset = Ruleset::builtin("treeherder").expect("shipped");
    let corpus = Corpus::generate(1 << 20).expect("memory takes it");
    let failures = [corpus.failures_only(4 << 20).expect("memory takes it")];
    for (name, logs, max) in
        [("parse/steady", &corpus.logs[..], Some(40)), ("parse/nothing but failures", &failures[..], None)]
    {
        let bytes: usize = logs.iter().map(|log| log.text.len()).sum();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes as u64)).sample_size(20);
        let mut expected = None;
        for simd in Simd::available() {
            let rules = Rules::compile_for(&ruleset, simd).expect("shipped rules compile");
            group.bench_function(simd.to_string(), |bencher| {
                bencher.iter(|| {
                    let found: u64 = logs.iter().map(|log| parse(log, &rules, max)).sum();
                    assert_eq!(found, *expected.get_or_insert(found), "every instruction set finds the same");
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, gzipped);
criterion_main!(benches);
