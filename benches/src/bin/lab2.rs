//! scratch
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction,
    reason = "scratch, to be removed"
)]
use cpu_time::ThreadTime as Instant;
use treeherder_logparse::*;
fn main() {
    for _ in 0..3 {
        let t = Instant::now();
        let ruleset = Ruleset::builtin("treeherder").unwrap();
        println!("toml {:?}", t.elapsed());
        let t = Instant::now();
        let r = Rules::compile(&ruleset).unwrap();
        println!("compile {:?}", t.elapsed());
        drop(r);
        let mut a = ruleset.clone();
        a.strip.clear();
        let t = Instant::now();
        Rules::compile(&a).unwrap();
        println!(" no strip {:?}", t.elapsed());
        let mut b = a.clone();
        b.stages.remove(0);
        let t = Instant::now();
        Rules::compile(&b).unwrap();
        println!(" no stage 0 {:?}", t.elapsed());
        let mut c = b.clone();
        c.stages[0].exclude.clear();
        let t = Instant::now();
        Rules::compile(&c).unwrap();
        println!(" no exclude {:?}", t.elapsed());
        c.stages[0].failure.retain(|r| matches!(r.matcher, RuleMatcher::Text(_)));
        let t = Instant::now();
        Rules::compile(&c).unwrap();
        println!(" no patterns {:?}", t.elapsed());
        c.stages[0].skip = None;
        let t = Instant::now();
        Rules::compile(&c).unwrap();
        println!(" no skip {:?}", t.elapsed());
        c.stages[0].failure.truncate(1);
        let t = Instant::now();
        Rules::compile(&c).unwrap();
        println!(" one text {:?}", t.elapsed());
    }
}
