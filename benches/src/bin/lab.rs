//! scratch
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction,
    reason = "scratch, to be removed"
)]
use cpu_time::ThreadTime;
use std::{hint::black_box, io::Read};
use treeherder_logparse::*;
fn time(mut f: impl FnMut()) -> f64 {
    let mut v: Vec<f64> = (0..7)
        .map(|_| {
            let t = ThreadTime::now();
            f();
            t.elapsed().as_secs_f64()
        })
        .collect();
    v.sort_by(f64::total_cmp);
    v[1]
}
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let mut logs = vec![];
    for e in std::fs::read_dir(dir).unwrap() {
        let p = e.unwrap().path();
        if p.to_str().unwrap().ends_with(".gz") {
            logs.push((p.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&p).unwrap()));
        }
    }
    let texts: Vec<Vec<u8>> = logs
        .iter()
        .map(|(_, l)| {
            let mut v = vec![];
            flate2::read::MultiGzDecoder::new(&l[..]).read_to_end(&mut v).unwrap();
            v
        })
        .collect();
    let total: usize = texts.iter().map(Vec::len).sum();
    let mb = |s: f64| total as f64 / s / 1e6;
    println!("total {} MB", total / 1_000_000);
    let bare = time(|| {
        for (_, l) in &logs {
            let mut d = Decoder::new();
            let mut n = 0;
            for c in l.chunks(65536) {
                d.push(c, &mut |o| n += o.len()).unwrap();
            }
            black_box(n);
        }
    });
    println!("bare decode {:.0}", mb(bare));
    let ruleset = Ruleset::builtin("treeherder").unwrap();
    let t = std::time::Instant::now();
    let r = Rules::compile(&ruleset).unwrap();
    println!("compile {:?}", t.elapsed());
    drop(r);
    for simd in Simd::available() {
        let rules = Rules::compile_for(&ruleset, simd).unwrap();
        for max in [Some(40), None] {
            let mut events = 0;
            let full = time(|| {
                for (_, l) in &logs {
                    let mut p =
                        LogParser::new(Parser::builder().rules(rules.clone()).max_failure_lines(max).build());
                    for c in l.chunks(65536) {
                        p.feed(c, &mut |_| events += 1).unwrap();
                    }
                    black_box(p.finish(&mut |_| events += 1));
                }
            });
            let scan = time(|| {
                for t in &texts {
                    let mut p = Parser::builder().rules(rules.clone()).max_failure_lines(max).build();
                    // keep blocks hot
                    for c in t.chunks(128 << 10) {
                        p.feed(c, &mut |_| events += 1);
                    }
                    black_box(p.finish(&mut |_| events += 1));
                }
            });
            // hot: one 128K block repeatedly
            let block: Vec<u8> = texts[texts.len() / 2][..128 << 10].to_vec();
            let hot = time(|| {
                let mut p = Parser::builder().rules(rules.clone()).max_failure_lines(max).build();
                for _ in 0..800 {
                    p.feed(&block, &mut |_| events += 1);
                }
                black_box(p.finish(&mut |_| ()));
            });
            println!(
                "{simd} {max:?}: full {:.0} ({:.3} of bare), scan cold {:.0}, hot {:.0}",
                mb(full),
                bare / full,
                mb(scan),
                800.0 * block.len() as f64 / hot / 1e6
            );
        }
    }
    let block: Vec<u8> = texts[texts.len() / 2][..128 << 10].to_vec();
    let nl = time(|| {
        for _ in 0..800 {
            black_box(memchr::memchr_iter(b'\n', black_box(&block)).count());
        }
    });
    println!("memchr count hot {:.0}", 800.0 * block.len() as f64 / nl / 1e6);
}
