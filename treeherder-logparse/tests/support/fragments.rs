//! Logs put together from what the rules look for, what nearly is that, and what makes parsers stumble.

use std::sync::LazyLock;

use proptest::{prelude::*, sample::select};

use super::{conformance, reference};

const PREFIXES: &[&str] = &[
    "[taskcluster 2016-09-09 17:41:43.544Z] ",
    "[taskcluster ",
    "[taskcluster:error] ",
    "[taskcluster:info 2016-] ",
    "[taskcluster] Error: ",
    "[task 2016-08-18T17:50:56.955523Z] ",
    "[2016- task]\t",
    "[vcs 2016-]",
    "[x 2016-01]\u{a0}",
    "[x 20\u{663}\u{664}-01]\u{1c}",
    "[x 1999-01] ",
    "[a][b 2016-01] ",
    "12:00:00     INFO - ",
    "12:00:00     INFO -   ",
    "1:2:3 WARNING - ",
    "1:2:3 DEBUG -",
    "1:2:3 ERROR - ",
    "\u{663}:\u{663}:\u{663} FATAL - ",
    "1:2:3  CRITICAL - ",
    "1:2:3 CRITICAL -",
];

const PATTERN_PARTS: &[&str] = &[
    "make: ***",
    "gmake[12]: *** ",
    "make[\u{663}]: ***",
    "fooError: ",
    "foo.bar.BazError: ",
    "foo_barError: ",
    "Exception: ",
    "org.TimeoutException: y",
    "TimeoutException: ",
    "[  FAILED  ] ",
    "remoteFailed:",
    "rm: cannot ",
    "abort:",
    "abort: a",
    "[a-b.c:error]",
    "[\u{e4}b:exception]",
    "[a b:error]",
    " error(12):",
    " error():",
    " error(\u{663}):",
    ":12: error:",
    ":\u{663}: error:",
    " error C2065:",
    " error RC1:",
    " error C\u{661}:",
    "ERROR 404:",
    "ERROR 5\u{660}0:",
    "mozmake.exe: ***",
    "mozmake.EXE[3]: ***",
    "TEST-INFO ",
    "TEST-PASS ",
    "TEST-INFO|",
    "I/Gecko ",
    "I TestRunner ",
    "Assertion failure",
    "TEST-UNEXPECTED-WARNING",
    "TEST-UNEXPECTED-WARNINGS",
    "TEST-UNEXPECTED-WARNING\u{e9}",
    "ImportError: No module named pygtk",
    "non-fatal error",
    "A content process crashed and MOZ_CRASHREPORTER_SHUTDOWN is set, shutting down",
    "###!!! ASSERTION: ",
];

const PERFORMANCE: &[&str] = &[
    "PERFHERDER_DATA: {\"framework\": {\"name\": \"x\"}, \"suites\": []}",
    "PERFHERDER_DATA: {\"framework\": {}, \"suites\": [{\"name\": \"s\", \"value\": 1, \"subtests\": []}]} ",
    "PERFORMANCE_DATA: {\"framework\": {\"name\": \"TEST-UNEXPECTED-FAIL\"}, \"suites\": []}",
    "PERFHERDER_DATA: {}",
    "PERFHERDER_DATA: {\"suites\": 1}",
    "PERFHERDER_DATA:",
    "PERFHERDER_DATA",
    "PERFORMANCE_DATA:",
    "{",
    "}",
];

const FILLER: &[&[u8]] = &[
    b" ",
    b"  ",
    b"a",
    b"x: y",
    b"Error",
    b"error:",
    b"***",
    b"\t",
    b"\0",
    b"\x0b",
    b"\x1c",
    b"\x1f",
    "é".as_bytes(),
    "\u{85}".as_bytes(),
    "\u{a0}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{3000}".as_bytes(),
    "\u{663}".as_bytes(),
    "🍆".as_bytes(),
    "\u{fffd}".as_bytes(),
    b"\xff",
    b"\xc3",
    b"\x85",
    b"\xf0\x9f\x8d",
    b"\xed\xa0\x80",
];

const BREAKS: &[&[u8]] = &[b"\n", b"\n", b"\n", b"\r\n", b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"\n\r"];

/// Lines of real logs that are failure lines or stand beside one, and some others.
static REAL_LINES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut lines = Vec::new();
    for (_, raw, expected) in conformance::logs() {
        let mut text = Vec::new();
        let mut decoder = treeherder_logparse::Decoder::new();
        decoder.push(&raw, &mut |decoded| text.extend_from_slice(decoded)).unwrap();
        let all = reference::lines(&text);
        let failures =
            expected["errors"].as_array().unwrap().iter().map(|error| error["linenumber"].as_u64().unwrap());
        let numbers = failures.take(15).flat_map(|number| [number as usize, number as usize + 1]);
        for number in numbers.chain((0..all.len()).step_by(997)) {
            lines.extend(all.get(number).map(|(_, line)| line[..line.len().min(3000)].to_vec()));
        }
    }
    lines.push(
        b"[task 2026-11-22T10:00:00.000Z] 10:00:00     INFO - TEST-UNEXPECTED-FAIL | a.js | boom".to_vec(),
    );
    lines
});

/// How lines of a kind begin; any digit may stand in the place of each zero.
const CLOCKS: &[&str] = &[
    "",
    "[task 2000-00-00T00:00:00.000Z] ",
    "[task 2026-00-00T00:00:00.000000Z] ",
    "[vcs 2020-02-00 00:00:00] ",
    "[taskcluster 2000-00-00 00:00:00.000Z] ",
    "[a 0000000000000000000000000 2000-] ",
    "00:00:00     INFO - ",
    "00:00:00  WARNING -  ",
    "00:00:00    ERROR - ",
    "0000:0:000 CRITICAL - ",
];

/// What rules look for, with any digits in the place of zeros.
const NUMBERED: &[&str] = &[
    "make[00]: *** x",
    "x error(000): ",
    "a:000: error: ",
    " error RC0000: ",
    "ERROR 000: ",
    "mozmake.exe[0]: *** ",
    "abort: 000",
    "TEST-UNEXPECTED-FAIL | 0000",
    "non-fatal error 0",
    "[a-0:error] ",
    "fooError: 0",
];

fn numbered(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    (select(texts), prop::collection::vec(b'0'..=b'9', 40)).prop_map(|(text, digits)| {
        let mut digits = digits.into_iter().cycle();
        let digit = |byte| if byte == b'0' { digits.next().unwrap_or(byte) } else { byte };
        text.bytes().map(digit).collect()
    })
}

/// Lines that begin alike but for their times, as most lines of real logs do.
fn alike() -> impl Strategy<Value = Vec<u8>> {
    let rule = || prop_oneof![numbered(NUMBERED), one_of(PATTERN_PARTS), one_of(&reference::TERMS)];
    let clock = || prop_oneof![6 => numbered(CLOCKS), 1 => near(numbered(CLOCKS))];
    let line = (clock(), clock(), prop_oneof![3 => rule(), 1 => near(rule())], 0..40usize, select(BREAKS))
        .prop_map(|(first, second, rule, more, end)| {
            [&first, &second, &rule, "more ".repeat(more / 5).as_bytes(), end].concat()
        });
    prop::collection::vec(line, 1..30).prop_map(|lines| lines.concat())
}

/// Changes a text a little: a byte replaced, left out, or put in.
fn near(text: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (text, any::<prop::sample::Index>(), 0..3, select(&b"xE :-]\n\xff0"[..])).prop_map(
        |(mut text, index, how, byte)| {
            if !text.is_empty() {
                let at = index.index(text.len());
                match how {
                    0 => text[at] = byte,
                    1 => drop(text.remove(at)),
                    _ => text.insert(at, byte),
                }
            }
            text
        },
    )
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    select(texts).prop_map(|text| text.as_bytes().to_vec())
}

/// Runs of filler around the lengths at which lines are cut, or (rarely) no longer kept.
fn long() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![30 => 400..520usize, 1 => 65_400..65_600usize, 1 => 131_000..131_200usize];
    let unit = select(&["x", "é", "🍆", " "][..]);
    (length, unit).prop_map(|(length, unit)| unit.repeat(length / unit.len()).into_bytes())
}

/// A piece of a log.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => select(BREAKS).prop_map(<[u8]>::to_vec),
        6 => one_of(PREFIXES),
        5 => one_of(&reference::TERMS),
        5 => one_of(PATTERN_PARTS),
        6 => select(FILLER).prop_map(<[u8]>::to_vec),
        2 => near(prop_oneof![one_of(PREFIXES), one_of(&reference::TERMS), one_of(PATTERN_PARTS)]),
        2 => one_of(PERFORMANCE),
        2 => any::<prop::sample::Index>().prop_map(|index| index.get(&REAL_LINES).clone()),
        2 => near(any::<prop::sample::Index>().prop_map(|index| index.get(&REAL_LINES).clone())),
        1 => long(),
    ]
}

/// A log.
pub fn log() -> impl Strategy<Value = Vec<u8>> {
    let log = prop::collection::vec(fragment(), 0..60).prop_map(|fragments| fragments.concat());
    let taskcluster = select(&["", "[taskcluster x]\n"][..]);
    let alike = (taskcluster, alike()).prop_map(|(head, lines)| [head.as_bytes(), &lines].concat());
    prop_oneof![2 => log, 1 => alike]
}

/// Lengths of chunks.
pub fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1..4usize, 1..100usize, 1..5000usize], 1..6)
}
