//! Gzip as it comes: several members, every kind of header, garbage, truncation, corrupt data, limits.
#![cfg(feature = "gzip")]
#![allow(clippy::unwrap_used, reason = "test code outside of the tests' own functions")]

use std::io::Write as _;

use flate2::{Compression, Crc, write::DeflateEncoder};
use treeherder_logparse::{DecodeError, DecodeErrorKind, Decoded, Decoder, Event, Format, LogParser, Parser};

const LOG: &str = "ok\nabort: one\r\nbuilding é 🍆\nabort: two\nlast fatal error";

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Writes a member with the header parts of these flags.
fn member_with(text: &[u8], flags: u8) -> Vec<u8> {
    let mut member = vec![0x1F, 0x8B, 8, flags, 1, 2, 3, 4, 2, 255];
    if flags & 4 != 0 {
        member.extend(b"\x06\0\x1f\x8b\x08\0\0\0");
    }
    if flags & 8 != 0 {
        member.extend(b"live_backing.log\0");
    }
    if flags & 16 != 0 {
        member.extend(b"a comment\0");
    }
    if flags & 2 != 0 {
        member.extend(b"\xAB\xCD");
    }
    member.extend(deflate(text));
    let mut crc = Crc::new();
    crc.update(text);
    member.extend(crc.sum().to_le_bytes());
    member.extend(crc.amount().to_le_bytes());
    member
}

fn member(text: &str) -> Vec<u8> {
    member_with(text.as_bytes(), 0)
}

/// Decodes pieces; returns the text, and the sums or the error.
fn decode_with<'a>(
    mut decoder: Decoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Decoded, Option<DecodeError>) {
    let mut text = Vec::new();
    let mut error = None;
    for piece in pieces {
        match decoder.push(piece, &mut |decoded| text.extend_from_slice(decoded)) {
            Ok(()) => assert_eq!(error, None, "an error stays"),
            Err(new) => assert_eq!(error.get_or_insert_with(|| new.clone()), &new, "an error stays the same"),
        }
    }
    let decoded = decoder.finish(&mut |decoded| text.extend_from_slice(decoded));
    (text, decoded, error)
}

fn decode(raw: &[u8]) -> (Vec<u8>, Decoded, Option<DecodeError>) {
    let whole = decode_with(Decoder::new(), [raw]);
    assert_eq!(decode_with(Decoder::new(), raw.chunks(1)), whole, "byte by byte");
    whole
}

fn error(raw: &[u8]) -> (DecodeErrorKind, u64) {
    let error = decode(raw).2.expect("it is broken");
    (error.kind(), error.offset())
}

#[test]
fn every_kind_of_header_is_read() {
    for flags in 0..32 {
        let (text, decoded, error) = decode(&member_with(LOG.as_bytes(), flags));
        assert_eq!(text, LOG.as_bytes(), "{flags:b}");
        assert_eq!(
            (error, decoded.members, decoded.format, decoded.truncated),
            (None, 1, Format::Gzip, false)
        );
    }
}

#[test]
fn members_follow_each_other_and_may_be_cut_anywhere() {
    let raw =
        [member_with(b"one\nab", 8), member(""), member_with(b"ort: two\n", 4 | 2), member("three")].concat();
    for split in 0..=raw.len() {
        let (text, decoded, error) = decode_with(Decoder::new(), [&raw[..split], &[], &raw[split..]]);
        assert_eq!((text.as_slice(), error), (b"one\nabort: two\nthree".as_slice(), None), "cut at {split}");
        assert_eq!(
            (decoded.members, decoded.compressed_bytes, decoded.decoded_bytes),
            (4, raw.len() as u64, 20)
        );
    }
    let mut failures = Vec::new();
    let mut log = LogParser::default();
    let mut sink = |event: Event<'_>| {
        if let Event::Failure(line) = event {
            failures.push((line.line_number, line.text.to_owned()));
        }
    };
    for piece in raw.chunks(3) {
        log.feed(piece, &mut sink).unwrap();
    }
    let report = log.finish(&mut sink);
    assert_eq!(
        (failures, report.summary.lines),
        (vec![(1, "abort: two".to_owned())], 3),
        "a line may span members"
    );
}

#[test]
fn what_follows_the_last_member_is_ignored_and_counted() {
    // The last two begin as a member does.
    let garbages: [&[u8]; 7] = [
        &[0; 1000],
        b"garbage",
        b"\x1f",
        b"\x1f\x1f\x8b",
        b"\0\x1f\x8b\x08",
        b"\x1f\x8bXXXX",
        b"\x1f\x8b\x08\xffmore of it",
    ];
    for garbage in garbages {
        let raw = [&member(LOG)[..], garbage].concat();
        let (text, decoded, error) = decode(&raw);
        assert_eq!((text.as_slice(), error), (LOG.as_bytes(), None));
        assert_eq!((decoded.trailing_bytes, decoded.members), (garbage.len() as u64, 1), "{garbage:?}");
        assert!(!decoded.truncated);
    }
}

#[test]
fn a_truncated_log_counts_as_far_as_it_goes() {
    let first = member_with(LOG.as_bytes(), 8);
    let raw = [&first[..], &member(LOG)].concat();
    let mut before = 0;
    for len in 1..raw.len() {
        let (text, decoded, error) = decode(&raw[..len]);
        assert_eq!(error, None, "{len}");
        if len == 1 {
            assert_eq!(
                (decoded.format, text.as_slice()),
                (Format::Plain, &raw[..1]),
                "one byte is no gzip yet"
            );
            continue;
        }
        // One byte of a magic may be garbage as well.
        let between = len == first.len() || len == first.len() + 1;
        assert_eq!(decoded.truncated, !between, "{len}");
        assert!(LOG.repeat(2).as_bytes().starts_with(&text) && text.len() >= before, "{len}");
        before = text.len();
    }
}

#[test]
fn the_last_line_of_a_truncated_log_is_reported() {
    let text: String = (0..3000).map(|number| format!("line {} of many\n", number * 7919 % 3001)).collect();
    let raw = member(&format!("abort: first\n{text}abort: never reached\n"));
    let mut failures = Vec::new();
    let mut sink = |event: Event<'_>| {
        if let Event::Failure(line) = event {
            failures.push(line.text.to_owned());
        }
    };
    let mut log = LogParser::default();
    log.feed(&raw[..raw.len() / 2], &mut sink).unwrap();
    let report = log.finish(&mut sink);
    assert_eq!(failures, ["abort: first"]);
    assert!(report.decoded.truncated && report.summary.lines > 100 && report.summary.lines < 3000);
    assert_eq!(report.summary.bytes, report.decoded.decoded_bytes);
}

#[test]
fn wrong_checksums_and_lengths_show_at_the_members_end() {
    let first = member("abort: one\n");
    let raw = [&first[..], &member(LOG)].concat();
    let trailer = first.len() + member(LOG).len() - 8;
    for (at, kind) in
        [(0, DecodeErrorKind::Checksum), (3, DecodeErrorKind::Checksum), (4, DecodeErrorKind::Length)]
    {
        let mut raw = raw.clone();
        raw[trailer + at] ^= 1;
        raw.extend(b"more");
        assert_eq!(error(&raw), (kind, trailer as u64 + 8));
        assert_eq!(
            decode(&raw).0,
            format!("abort: one\n{LOG}").as_bytes(),
            "all of it was handed out before"
        );
    }
}

#[test]
fn what_is_no_header_is_named_with_its_place() {
    let good = member(LOG);
    for (at, byte) in [(2, 7), (3, 0x20), (3, 0x80)] {
        let mut raw = good.clone();
        raw[at] = byte;
        assert_eq!(error(&raw), (DecodeErrorKind::Header, at as u64));
        // Behind a complete member it is garbage.
        let (text, decoded, error) = decode(&[&good[..], &raw].concat());
        assert_eq!((text.as_slice(), error), (LOG.as_bytes(), None));
        assert_eq!((decoded.members, decoded.trailing_bytes), (1, raw.len() as u64));
    }
    let error = decode(b"\x1f\x8b\x07").2.unwrap();
    assert_eq!(error.to_string(), "bad gzip header at compressed byte 2");
}

#[test]
fn corrupt_data_keeps_what_came_before() {
    let first: String = (0..5000).map(|number| format!("abort: {}\n", number * 7919 % 5003)).collect();
    let mut raw = member(&first);
    let broken = raw.len();
    // A header, then a block of the type that doesn't exist.
    raw.extend([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0b111]);
    raw.extend([0; 20]);
    let (kind, offset) = error(&raw);
    assert_eq!(kind, DecodeErrorKind::Data);
    assert!((broken + 10..=broken + 12).contains(&(offset as usize)), "{offset} for {broken}");
    assert_eq!(decode(&raw).0, first.as_bytes());

    // Any byte of the stream changed: never a panic, never more than was there, and what is found before stays.
    let good = member(&first);
    for at in (10..good.len()).step_by(97) {
        let mut raw = good.clone();
        raw[at] ^= 0x55;
        let (text, decoded, error) = decode_with(Decoder::new(), [&raw[..]]);
        let same = text.iter().zip(first.as_bytes()).take_while(|(one, other)| one == other).count();
        assert!(
            error.is_some() || decoded.truncated || decoded.members == 1 && text == first.as_bytes(),
            "{at}"
        );
        if let Some(error) = error {
            assert!(error.offset() > 0 && error.offset() <= raw.len() as u64, "{error}");
            assert!(at < 5000 || same > 500, "{same} bytes are good before {at}");
        }
    }
}

#[test]
fn plain_logs_pass_through() {
    for text in [LOG.as_bytes(), b"x", b"\x1f", b"\x1fx", b"\x1e\x8b", b"\n", b"\0"] {
        let (decoded_text, decoded, error) = decode(text);
        assert_eq!((decoded_text.as_slice(), error), (text, None));
        assert_eq!((decoded.format, decoded.members, decoded.truncated), (Format::Plain, 0, false));
        assert_eq!((decoded.compressed_bytes, decoded.decoded_bytes), (text.len() as u64, text.len() as u64));
    }
    let (text, decoded, error) = decode(b"");
    assert_eq!((text.len(), decoded.format, error), (0, Format::Empty, None));
    let (text, decoded, error) = decode(&member(""));
    assert_eq!((text.len(), decoded.format, decoded.members, error), (0, Format::Gzip, 1, None));
}

#[test]
fn a_log_that_is_too_long_is_read_up_to_the_limit() {
    let log = "abort: x\n".repeat(50_000);
    for raw in
        [log.as_bytes().to_vec(), member(&log), [member(&log[..200_000]), member(&log[200_000..])].concat()]
    {
        for limit in [0, 1, 13, 200_000, 300_001, log.len() - 1] {
            for size in [raw.len(), 1, 7, 65_536] {
                let decoder = Decoder::new().max_decoded_bytes(limit as u64);
                let (text, decoded, error) = decode_with(decoder, raw.chunks(size));
                let error = error.expect("it is too long");
                assert_eq!(error.kind(), DecodeErrorKind::TooLong(limit as u64));
                assert_eq!(decoded.compressed_bytes, error.offset());
                assert_eq!(
                    (text.as_slice(), decoded.decoded_bytes),
                    (&log.as_bytes()[..limit], limit as u64)
                );
            }
        }
        let decoder = Decoder::new().max_decoded_bytes(log.len() as u64);
        assert_eq!(decode_with(decoder, [&raw[..]]).2, None, "exactly the limit is not too long");
    }
}

#[cfg(feature = "read")]
mod reading {
    use std::io::{self, Read};

    use treeherder_logparse::{ReadErrorKind, parse_reader};

    use super::*;

    /// Gives its bytes in odd pieces, is interrupted in between, and fails at the end when told so.
    struct Reader<'a> {
        rest: &'a [u8],
        interrupted: bool,
        fails: bool,
    }

    impl Read for Reader<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if self.rest.is_empty() && self.fails {
                return Err(io::Error::other("the disk is on fire"));
            }
            let len = buffer.len().min(17).min(self.rest.len());
            buffer[..len].copy_from_slice(&self.rest[..len]);
            self.rest = &self.rest[len..];
            Ok(len)
        }
    }

    #[test]
    fn a_reader_is_read_to_its_end() {
        for raw in [LOG.as_bytes().to_vec(), member(LOG)] {
            let mut failures = Vec::new();
            let reader = Reader { rest: &raw, interrupted: false, fails: false };
            let report = parse_reader(reader, Parser::new(), &mut |event| {
                if let Event::Failure(line) = event {
                    failures.push(line.line_number);
                }
            });
            assert_eq!((failures, report.unwrap().summary.lines), (vec![1, 3, 4], 5));
        }
        let report = parse_reader(io::empty(), Parser::new(), &mut |_| panic!("nothing")).unwrap();
        assert_eq!(report.decoded.format, Format::Empty);
    }

    #[test]
    fn a_failing_reader_and_corrupt_data_keep_what_was_found() {
        let mut count = 0;
        let reader = Reader { rest: LOG.as_bytes(), interrupted: false, fails: true };
        let error = parse_reader(reader, Parser::new(), &mut |_| count += 1).unwrap_err();
        assert!(matches!(error.source, ReadErrorKind::Io(_)) && error.to_string().contains("on fire"));
        assert_eq!((count, error.report.summary.failure_lines, error.report.summary.lines), (3, 3, 5));

        let mut raw = member(LOG);
        *raw.last_mut().unwrap() ^= 1;
        let error = parse_reader(&raw[..], Parser::new(), &mut |_| ()).unwrap_err();
        let ReadErrorKind::Decode(decode) = &error.source else { panic!("{error}") };
        assert_eq!((decode.kind(), decode.offset()), (DecodeErrorKind::Length, raw.len() as u64));
        assert_eq!(error.report.summary.failure_lines, 3);
    }
}

#[cfg(feature = "stream")]
mod streaming {
    use std::io;

    use bytes::Bytes;
    use futures_util::stream;
    use treeherder_logparse::{StreamErrorKind, parse_stream};

    use super::*;

    fn chunks(raw: &[u8]) -> Vec<io::Result<Bytes>> {
        raw.chunks(5).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect()
    }

    #[tokio::test]
    async fn a_stream_is_read_to_its_end() {
        for raw in [LOG.as_bytes().to_vec(), member(LOG)] {
            let mut lines = Vec::new();
            let report = parse_stream(stream::iter(chunks(&raw)), Parser::new(), |event| {
                if let Event::Failure(line) = event {
                    lines.push(line.line_number);
                }
            });
            assert_eq!(report.await.unwrap().summary.lines, 5);
            assert_eq!(lines, [1, 3, 4]);
        }
    }

    #[tokio::test]
    async fn a_failing_stream_and_corrupt_data_keep_what_was_found() {
        let mut failing = chunks(LOG.as_bytes());
        failing.push(Err(io::Error::other("connection lost")));
        let error = parse_stream(stream::iter(failing), Parser::new(), |_| ()).await.unwrap_err();
        assert!(matches!(error.source, StreamErrorKind::Stream(_)) && error.to_string().contains("lost"));
        assert_eq!((error.report.summary.failure_lines, error.report.summary.lines), (3, 5));

        let mut raw = member(LOG);
        *raw.last_mut().unwrap() ^= 1;
        let error = parse_stream(stream::iter(chunks(&raw)), Parser::new(), |_| ()).await.unwrap_err();
        assert!(matches!(error.source, StreamErrorKind::Decode(_)), "{error}");
        assert_eq!(error.report.summary.failure_lines, 3);
    }
}
