//! Gunzip alone: the ceiling for everything that reads gzipped logs.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use treeherder_benches::corpus::{Corpus, RAW_PIECE};
use treeherder_logparse::Decoder;

fn decode(criterion: &mut Criterion) {
    let corpus = Corpus::generate(1 << 20).expect("memory takes it");
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(corpus.bytes() as u64)).sample_size(20);
    for piece in [1 << 10, RAW_PIECE] {
        group.bench_function(format!("pieces of {piece}"), |bencher| {
            bencher.iter(|| {
                let mut bytes = 0;
                for log in &corpus.logs {
                    let mut decoder = Decoder::new();
                    for piece in log.gzipped.chunks(piece) {
                        decoder.push(piece, &mut |text| bytes += text.len()).expect("the log is sound");
                    }
                    decoder.finish(&mut |text| bytes += text.len());
                }
                assert_eq!(bytes, corpus.bytes());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
