//! Raw bytes: chunks make no difference for what is found nor for the error, and compressing a log changes nothing.
#![cfg_attr(fuzzing, no_main)]

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use treeherder_logparse::Parser;
use treeherder_logparse_fuzz::{chunks, parse, parse_raw, target};

target!(|data| {
    let Some((input, chunks)) = chunks(data) else { return };
    let whole = parse_raw(Parser::new(), [input].into_iter());
    let in_chunks = parse_raw(Parser::new(), chunks);
    assert_eq!(in_chunks.events, whole.events);
    assert_eq!(in_chunks.end.0.summary, whole.end.0.summary);
    assert_eq!(in_chunks.end.1.map(|error| error.kind()), whole.end.1.map(|error| error.kind()));

    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(input).expect("memory takes it");
    let compressed = encoder.finish().expect("memory takes it");
    let decoded = parse_raw(Parser::new(), compressed.chunks(1000));
    assert_eq!(decoded.end.1, None);
    assert_eq!(decoded.events, parse(Parser::new(), [input].into_iter()).events);
});
