//! Decoded blocks in cache: the block search with line numbers, beside counting newlines; and hostile text.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use treeherder_benches::{
    adversary,
    corpus::{BLOCK, Corpus},
};
use treeherder_logparse::{Parser, Rules, Ruleset, Simd};

fn count(rules: &Rules, text: &[u8]) -> u64 {
    let mut parser = Parser::builder().rules(rules.clone()).max_failure_lines(None).build();
    for block in text.chunks(BLOCK) {
        parser.feed(block, &mut |_| ());
    }
    parser.finish(&mut |_| ()).lines
}

fn block(criterion: &mut Criterion) {
    let ruleset = Ruleset::builtin("treeherder").expect("shipped");
    let corpus = Corpus::generate(1 << 20).expect("memory takes it");
    let block = &corpus.logs[0].text[..BLOCK];
    let mut group = criterion.benchmark_group("scan/block");
    group.throughput(Throughput::Bytes(block.len() as u64));
    group.bench_function("memchr counts newlines", |bencher| {
        bencher.iter(|| memchr::memchr_iter(b'\n', black_box(block)).count());
    });
    let mut expected = None;
    for simd in Simd::available() {
        let rules = Rules::compile_for(&ruleset, simd).expect("shipped rules compile");
        group.bench_function(simd.to_string(), |bencher| {
            bencher.iter(|| {
                let lines = count(&rules, block);
                assert_eq!(lines, *expected.get_or_insert(lines), "every instruction set counts the same");
            });
        });
    }
    group.finish();
}

fn hostile(criterion: &mut Criterion) {
    let rules = Rules::treeherder();
    let mut group = criterion.benchmark_group("scan/hostile");
    group.sample_size(10);
    for log in adversary::all(&rules, 1 << 20) {
        group.throughput(Throughput::Bytes(log.text.len() as u64));
        group.bench_function(log.name, |bencher| bencher.iter(|| count(&rules, &log.text)));
    }
    group.finish();
}

criterion_group!(benches, block, hostile);
criterion_main!(benches);
