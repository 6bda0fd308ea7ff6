//! scratch: adversarial
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction,
    reason = "scratch, to be removed"
)]
use cpu_time::ThreadTime;
use std::hint::black_box;
use treeherder_logparse::*;
fn main() {
    let only = std::env::args().nth(1);
    let n = 20_000_000;
    let rep = |s: &str| s.repeat(n / s.len());
    let all_lits: String = {
        let r = Rules::treeherder();
        let mut v = vec![];
        for l in r.literals() {
            v.push(
                String::from_utf8_lossy(l)
                    .replace("TEST-UNEXPECTED-", "UNEXPECTED")
                    .replace("fatal error", "atal error")
                    .replace("FATAL ERROR", "ATAL ERROR"),
            );
        }
        v.join("x")
    };
    let mut inputs: Vec<(&str, String)> = vec![
        (
            "useless Error:",
            rep("some text Error: nothing to see here, move on please, this line is of usual length\n"),
        ),
        ("60x Error:", rep(&(" Error: ".repeat(60) + "\n"))),
        ("x: *** long line", rep(&("x: *** ".repeat(2000) + "\n"))),
        ("x: *** lines of 480", rep(&("x: *** ".repeat(68) + "\n"))),
        (": *** tiny", rep(": ***\n")),
        ("abort: tiny dup", rep("abort:\n")),
        ("abort tiny alternating", rep("abort:1\nabort:2\n")),
        ("fatal error dup", rep("fatal error\n")),
        ("non-ascii tiny", rep("é: ***\n")),
        ("non-ascii approx positive", rep(":é: error:\n")),
        ("non-ascii failing dup", rep("é fatal error\n")),
        ("non-ascii failing alternating", rep("é fatal error1\né fatal error2\n")),
        ("invalid utf8-like failing", rep("é fatal error \u{fffd}\n")),
        ("windows only er", rep(" er")),
        ("windows only er lines", rep(" er er er er er er er er\n")),
        ("windows ut:", rep("ut:")),
        ("excluded", rep("TEST-PASS fatal error\n")),
        ("excluded alternating", rep("non-fatal error 1\nnon-fatal error 2\n")),
        ("empty lines", rep("\n")),
        ("cr lines", rep("\r")),
        ("crlf lines", rep("\r\n")),
        ("all literals", rep(&(all_lits.clone() + "\n"))),
        ("error(1): near misses", rep(" error(11111111111111 error C error( :1: error\n")),
        ("endless a", rep("a")),
        ("endless *** ", rep("***")),
        ("perf marker lines", rep("PERFHERDER_DATA:\n")),
        ("perf marker in a line", rep("PERFHERDER_DATA:")),
        ("perf empty obj", rep("PERFHERDER_DATA: {}\n")),
        ("perf small bad", rep("PERFHERDER_DATA: {\"framework\":1}\n")),
        ("letters then Error", rep(&("a".repeat(400) + "Error:x\n"))),
        ("mozharness prefix", rep("12:12:12     INFO -   : ***\n")),
        ("X2a backtrack", rep(&("I Gecko ".repeat(50) + " fatal error\n"))),
        ("perf in long lines", rep(&("PERFHERDER_DATA: { ".repeat(50) + "\n"))),
        ("UNCUT long lines with hits", rep(&("PERFHERDER_DATA ".to_owned() + &": *** ".repeat(9000) + "\n"))),
        ("digits", rep(&("1".repeat(450) + ": *** \n"))),
        ("S4 cand", rep("ERROR 4x ")),
        ("S4 cand lines", rep("ERROR 4\n")),
    ];
    let tc = format!("[taskcluster 2020-\n{}", rep("[task 2026-11-22T10:00:02.000Z] : ***\n"));
    inputs.push(("tc prefixed", tc));
    let tc = format!("[taskcluster 2020-\n{}", rep("[a2026-1] abort:\n"));
    inputs.push(("tc prefixed dup", tc));
    let tc = format!("[taskcluster 2020-\n{}", rep("[é2026-1]\u{a0}abort:\n"));
    inputs.push(("tc prefixed nbsp dup", tc));
    let ruleset = Ruleset::builtin("treeherder").unwrap();
    for simd in [Simd::Portable, Simd::Avx2, Simd::Avx512] {
        let rules = Rules::compile_for(&ruleset, simd).unwrap();
        for (name, text) in &inputs {
            if only.as_ref().is_some_and(|o| !name.contains(o.as_str())) {
                continue;
            }
            print!("{simd:9} {name:32}");
            for max in [None, Some(40)] {
                let mut best = f64::MAX;
                let mut ev = 0;
                for _ in 0..3 {
                    let t = ThreadTime::now();
                    let mut p = Parser::builder().rules(rules.clone()).max_failure_lines(max).build();
                    for c in text.as_bytes().chunks(128 << 10) {
                        p.feed(c, &mut |_| ev += 1);
                    }
                    black_box(p.finish(&mut |_| ev += 1));
                    best = best.min(t.elapsed().as_secs_f64());
                    if best > 0.5 {
                        break;
                    }
                }
                let mbs = text.len() as f64 / best / 1e6;
                print!(" {:>7.0}{}", mbs, if mbs < 300.0 { "!" } else { " " });
            }
            println!();
        }
    }
}
