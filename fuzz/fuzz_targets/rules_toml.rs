//! A ruleset and, behind a NUL, a log: a bad ruleset gives an error, a good one finds the same in any chunks.
#![cfg_attr(fuzzing, no_main)]

use treeherder_logparse::{Parser, Rules, Ruleset, Simd};
use treeherder_logparse_fuzz::{chunks, parse, target};

target!(|data| {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let Ok(text) = std::str::from_utf8(&data[..end]) else { return };
    let Ok(ruleset) = Ruleset::from_toml(text) else { return };
    let Ok(rules) = Rules::compile(&ruleset) else { return };
    let portable = Rules::compile_for(&ruleset, Simd::Portable).expect("it compiled before");
    let Some((log, chunks)) = data.get(end + 1..).and_then(chunks) else { return };
    let whole = parse(Parser::builder().rules(rules).build(), [log].into_iter());
    assert_eq!(parse(Parser::builder().rules(portable).build(), chunks), whole);
});
