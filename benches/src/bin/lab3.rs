//! scratch: one variant only, for profiling. args: dir simd mode
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
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let mut texts: Vec<Vec<u8>> = vec![];
    for e in std::fs::read_dir(&a[1]).unwrap() {
        let p = e.unwrap().path();
        if p.to_str().unwrap().ends_with(".gz") {
            let mut v = vec![];
            flate2::read::MultiGzDecoder::new(&std::fs::read(&p).unwrap()[..]).read_to_end(&mut v).unwrap();
            texts.push(v);
        }
    }
    let simd = match a[2].as_str() {
        "portable" => Simd::Portable,
        "avx2" => Simd::Avx2,
        _ => Simd::Avx512,
    };
    let rules = if a[3] == "one" {
        let mut r = Ruleset::new("x");
        r.stages[0].failure.push(Rule::text("ZQ#NEVER#"));
        Rules::compile_for(&r, simd).unwrap()
    } else {
        Rules::compile_for(&Ruleset::builtin("treeherder").unwrap(), simd).unwrap()
    };
    let mut best = f64::MAX;
    let mut ev = 0;
    let total: usize = texts.iter().map(Vec::len).sum();
    for _ in 0..a[4].parse().unwrap() {
        let mut spent = 0.0;
        for t in &texts {
            let mut p = Parser::builder().rules(rules.clone()).max_failure_lines(None).build();
            for c in t.chunks(128 << 10) {
                black_box(c.iter().map(|b| u64::from(*b)).sum::<u64>());
                let t0 = ThreadTime::now();
                p.feed(c, &mut |_| ev += 1);
                spent += t0.elapsed().as_secs_f64();
            }
            black_box(p.finish(&mut |_| ev += 1));
        }
        best = f64::min(best, spent);
    }
    println!("{} {} hot {:.0} MB/s  events {ev}", a[2], a[3], total as f64 / best / 1e6);
}
