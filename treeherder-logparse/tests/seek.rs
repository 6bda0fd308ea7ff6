//! Reading lines from the middle of a log.
#![cfg(feature = "gzip")]
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use treeherder_logparse::{
    DecodeErrorKind, Event, IndexOptions, LineCollector, LogIndex, LogLine, LogParser, Parser, Place,
};

/// A log of made-up lines that compress about as well as real ones.
fn text(lines: u64, seed: u64) -> Vec<u8> {
    let mut text = Vec::new();
    let mut state = seed;
    for number in 0..lines {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let end = if state >> 60 == 0 { "\r\n" } else { "\n" };
        write!(
            text,
            "[task 2026-11-22T10:{:02}] INFO - TEST-PASS | dir/test_{}.js | {:x}{end}",
            number % 60,
            state >> 54,
            state
        )
        .unwrap();
    }
    text
}

fn gzip(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn index(raw: &[u8], options: IndexOptions, piece: usize) -> LogIndex {
    let mut parser = LogParser::new(Parser::default()).with_index(options);
    for piece in raw.chunks(piece) {
        parser.feed(piece, &mut |_: Event<'_>| {}).unwrap();
    }
    parser.finish_indexed(&mut |_: Event<'_>| {}).1
}

/// Reads lines through the index; also tells how many raw bytes were needed.
fn read(raw: &[u8], index: &LogIndex, wanted: std::ops::Range<u64>) -> (Vec<LogLine>, usize) {
    let segment = index.segment_of(wanted.start);
    let from = segment.compressed_offset() as usize;
    let mut lines = LineCollector::new(segment.lines(), wanted);
    let mut decoder = segment.decoder();
    let mut needed = 0;
    for piece in raw[from..].chunks(1000) {
        decoder.push(piece, &mut |text| lines.feed(text)).unwrap();
        needed += piece.len();
        if lines.is_done() {
            break;
        }
    }
    decoder.finish(&mut |text| lines.feed(text));
    (lines.finish(), needed)
}

fn lines_of(text: &[u8]) -> Vec<String> {
    let cut = |line: &str| line.chars().take(64 << 10).collect();
    String::from_utf8_lossy(text).lines().map(cut).collect()
}

/// Compares lines everywhere with those of the whole text.
fn check(text: &[u8], raw: &[u8], index: &LogIndex) {
    let expected = lines_of(text);
    assert_eq!((index.lines, index.decoded_bytes), (expected.len() as u64, text.len() as u64));
    assert_eq!(index.compressed_bytes, raw.len() as u64);
    let total = expected.len() as u64;
    let around = index
        .checkpoints()
        .iter()
        .flat_map(|checkpoint| [checkpoint.lines.saturating_sub(1), checkpoint.lines, checkpoint.lines + 1]);
    for start in around.chain([0, total / 3, total - 2]) {
        let end = (start + 3).min(total);
        let (found, _) = read(raw, index, start..end);
        let found: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(found, expected[start as usize..end as usize], "lines {start} to {end}");
    }
}

#[test]
fn lines_everywhere_are_those_of_the_whole_log() {
    let text = text(120_000, 1);
    for level in [1, 6, 9] {
        let raw = gzip(&text, level);
        for piece in [raw.len(), 40_000, 977] {
            let index = index(&raw, IndexOptions::every(256 << 10), piece);
            let due = text.len() as u64 / (256 << 10);
            let found = index.checkpoints().len() as u64;
            // The quickest compression makes a few large blocks, between which alone decoding can begin.
            assert!(found * 2 > due || level == 1, "{found} of {due}, level {level}, pieces of {piece}");
            assert!(
                index.checkpoints().iter().all(|checkpoint| matches!(checkpoint.place, Place::Block { .. }))
            );
            check(&text, &raw, &index);
            assert_eq!(LogIndex::from_bytes(&index.to_bytes()), Ok(index));
        }
    }
}

#[test]
fn only_the_part_around_the_lines_is_read() {
    let text = text(200_000, 2);
    let raw = gzip(&text, 6);
    let index = index(&raw, IndexOptions::every(512 << 10), 64 << 10);
    let (_, needed) = read(&raw, &index, index.lines - 500..index.lines - 490);
    assert!(needed * 8 < raw.len(), "{needed} of {}", raw.len());
}

#[test]
fn a_line_longer_than_the_spacing_is_passed_over_in_order() {
    let mut text = text(10_000, 3);
    text.extend(std::iter::repeat_n(b'x', 3 << 20));
    text.push(b'\n');
    text.extend(self::text(10_000, 4));
    let raw = gzip(&text, 6);
    check(&text, &raw, &index(&raw, IndexOptions::every(128 << 10), 10_000));
}

#[test]
fn logs_of_several_members_and_flushed_ones_have_an_index_too() {
    let parts: Vec<Vec<u8>> = (0..6).map(|seed| text(9_000, seed)).collect();
    let text = parts.concat();
    let members: Vec<u8> = parts.iter().flat_map(|part| gzip(part, 6)).collect();
    let index_of_members = index(&members, IndexOptions::every(700 << 10), 5_000);
    assert!(index_of_members.checkpoints().len() >= 3);
    check(&text, &members, &index_of_members);
    // A server that flushes now and then, as live logs are written.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for piece in text.chunks(20_000) {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
    }
    let flushed = encoder.finish().unwrap();
    let index_of_flushed = index(&flushed, IndexOptions::every(256 << 10), 3_000);
    assert!(index_of_flushed.checkpoints().len() >= 6);
    check(&text, &flushed, &index_of_flushed);
}

#[test]
fn stored_blocks_and_text_that_cannot_be_compressed_are_no_trouble() {
    let mut state = 9_u64;
    let mut noise = Vec::new();
    while noise.len() < 2 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.extend(&state.to_be_bytes()[..6]);
    }
    let noise: Vec<u8> = noise.into_iter().map(|byte| if byte == b'\r' { b'.' } else { byte }).collect();
    for level in [0, 6] {
        let raw = gzip(&noise, level);
        let index = index(&raw, IndexOptions::every(256 << 10), 10_000);
        assert!(!index.checkpoints().is_empty(), "level {level}");
        let expected: Vec<String> = noise
            .split(|byte| *byte == b'\n')
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        for checkpoint in index.checkpoints() {
            let start = checkpoint.lines + 1;
            let (found, _) = read(&raw, &index, start..start + 1);
            assert_eq!(found[0].text, expected[start as usize]);
        }
    }
}

#[test]
fn plain_logs_have_an_index_too() {
    let text = text(30_000, 5);
    let index = index(&text, IndexOptions::every(256 << 10), 10_000);
    assert!(index.checkpoints().iter().all(|checkpoint| matches!(checkpoint.place, Place::Plain(_))));
    assert!(index.checkpoints().len() > 5);
    check(&text, &text, &index);
}

#[test]
fn an_index_is_bounded_whatever_the_log() {
    let text = text(150_000, 6);
    let raw = gzip(&text, 6);
    let index = index(&raw, IndexOptions::every(64 << 10).at_most(8), 50_000);
    assert!((3..=8).contains(&index.checkpoints().len()), "{}", index.checkpoints().len());
    check(&text, &raw, &index);
    let small = self::index(&gzip(b"one\ntwo", 6), IndexOptions::default(), 1);
    assert_eq!((small.lines, small.checkpoints().len()), (2, 0));
    assert!(small.to_bytes().len() < 16);
}

#[test]
fn a_damaged_window_is_an_error() {
    let text = text(40_000, 7);
    let raw = gzip(&text, 6);
    let index = index(&raw, IndexOptions::every(256 << 10), 50_000);
    let mut checkpoint = index.checkpoints()[0].clone();
    let Place::Block { window, .. } = &mut checkpoint.place else { panic!("not a block") };
    *window = [1, 2, 3].into();
    let from = checkpoint.compressed_offset() as usize;
    let mut decoder = treeherder_logparse::Decoder::resume(&checkpoint.place);
    let error = decoder.push(&raw[from..], &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Data);
}
