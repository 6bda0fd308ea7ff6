//! A decoded log: no cut into chunks and no instruction set changes what is found, events and their order included.
#![cfg_attr(fuzzing, no_main)]

use treeherder_logparse::{Parser, Rules, Ruleset, Simd};
use treeherder_logparse_fuzz::{chunks, parse, target};

use std::sync::LazyLock;

static RULES: LazyLock<Vec<Rules>> = LazyLock::new(|| {
    let ruleset = Ruleset::builtin("treeherder").expect("it is shipped");
    Simd::available().map(|simd| Rules::compile_for(&ruleset, simd).expect("it compiles")).collect()
});

target!(|data| {
    let Some((input, chunks)) = chunks(data) else { return };
    let whole = parse(Parser::new(), [input].into_iter());
    assert_eq!(whole.end.bytes, input.len() as u64);
    for rules in RULES.iter() {
        let parser = Parser::builder().rules(rules.clone()).build();
        assert_eq!(parse(parser, chunks.clone()), whole);
    }
});
