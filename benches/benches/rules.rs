//! Building rulesets, and short logs once they are built.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use treeherder_benches::corpus::Corpus;
use treeherder_logparse::{Parser, Rules, Ruleset, builtin_names};

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rules/build");
    group.sample_size(20);
    for name in builtin_names() {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let ruleset = Ruleset::builtin(name).expect("shipped");
                let rules = Rules::compile(&ruleset).expect("shipped rules compile");
                assert!(rules.literals().count() > 0);
            });
        });
    }
    group.finish();
}

fn short_log(criterion: &mut Criterion) {
    let corpus = Corpus::generate(10_000).expect("memory takes it");
    let text = &corpus.logs[0].text;
    let mut group = criterion.benchmark_group("rules/short log");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("10 kB", |bencher| {
        bencher.iter(|| {
            let mut parser = Parser::new();
            parser.feed(text, &mut |_| ());
            assert_eq!(parser.finish(&mut |_| ()).bytes, text.len() as u64);
        });
    });
    group.finish();
}

criterion_group!(benches, build, short_log);
criterion_main!(benches);
