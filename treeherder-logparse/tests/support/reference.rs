//! The rules of `spec/ingest.md` §5.3–5.5 line by line, as plainly as they can be written.
//!
//! No code of the crate is used here: the engine is proven equal to this.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

/// One failure line: number, byte offset, text.
pub type Failure = (u64, u64, String);

/// Splits a log into lines with their offsets.
pub fn lines(log: &[u8]) -> Vec<(u64, &[u8])> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < log.len() {
        let len = match log[at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if len == 0 {
            at += 1;
            continue;
        }
        lines.push((start as u64, &log[start..at]));
        at += len;
        start = at;
    }
    if start < log.len() {
        lines.push((start as u64, &log[start..]));
    }
    lines
}

/// No more than this of a line is looked at, except of one with performance data: the crate's own limit.
pub const HEAD: usize = 64 << 10;

/// Finds the failure lines of a log.
pub fn failures(log: &[u8], max: Option<usize>) -> Vec<Failure> {
    let mut found: Vec<Failure> = Vec::new();
    let mut taskcluster = false;
    for (number, (offset, line)) in lines(log).into_iter().enumerate() {
        if max.is_some_and(|max| found.len() >= max) {
            break;
        }
        let head = &line[..line.len().min(HEAD)];
        let uncut = contains(head, b"PERFHERDER_DATA")
            && line.len() <= treeherder_logparse::DEFAULT_MAX_PERFORMANCE_LINE;
        let decoded = String::from_utf8_lossy(if uncut { line } else { head });
        let mut line: String = if uncut { decoded.into_owned() } else { decoded.chars().take(500).collect() };
        taskcluster |= line.starts_with("[taskcluster ");
        if taskcluster && !line.starts_with("[taskcluster:") {
            line = line[match_end(&PREFIX, &line)..].to_owned();
        }
        let stored = rstrip(&line);
        if is_failure(&line) && found.last().is_none_or(|last| last.2 != stored) {
            found.push((number as u64, offset, stored.to_owned()));
        }
    }
    found
}

/// Numbers and offsets of the lines that announce performance data early enough, with the lines.
pub fn performance_lines(log: &[u8]) -> impl Iterator<Item = (u64, u64, &[u8])> {
    lines(log).into_iter().enumerate().filter_map(|(number, (offset, line))| {
        let head = &line[..line.len().min(HEAD)];
        let marked = contains(head, b"PERFHERDER_DATA:") || contains(head, b"PERFORMANCE_DATA:");
        marked.then_some((number as u64, offset, line))
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

static PREFIX: LazyLock<Regex> = LazyLock::new(|| regex(r"^\[[^\]]*20\d{2}-[^\]]+\][\s\x1c-\x1f]"));
static MOZHARNESS: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d+:\d+:\d+ +(?:DEBUG|INFO|WARNING) - +"));
static X1A: LazyLock<Regex> = LazyLock::new(|| regex(r"TEST-(?:INFO|PASS) "));
static E1: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d+:\d+:\d+ +(?:ERROR|CRITICAL|FATAL) - "));
static X2: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"I[ /](Gecko|TestRunner).*TEST-UNEXPECTED-",
        r"Assertion failure$",
        r"^TEST-UNEXPECTED-WARNING(?:[^\p{L}\p{N}_]|$)",
        r"^TimeoutException: ",
        r"^ImportError: No module named pygtk$",
        r"non-fatal error",
    ]
    .map(regex)
    .into()
});
static POSITIVE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"^g?make(?:\[\d+\])?: \*\*\*",
        r"^[A-Za-z.]+Error: ",
        r"^[A-Za-z.]*Exception: ",
        r"^\[  FAILED  \] ",
        r"^remoteFailed:",
        r"^rm: cannot ",
        r"^abort:",
        r"^\[taskcluster\] Error:",
        r"^\[[\p{L}\p{N}_.-]+:(?:error|exception)\]",
        r" error\(\d*\):",
        r":\d+: error:",
        r" error R?C\d*:",
        r"ERROR [45]\d\d:",
        r"mozmake\.(?:exe|EXE)(?:\[\d+\])?: \*\*\*",
    ]
    .map(regex)
    .into()
});
pub const TERMS: [&str; 18] = [
    "TEST-UNEXPECTED-",
    "fatal error",
    "FATAL ERROR",
    "Hit MOZ_CRASH",
    "REFTEST ERROR",
    "PROCESS-CRASH",
    "Assertion fail",
    "###!!! ABORT:",
    "SUMMARY: AddressSanitizer",
    "SUMMARY: UndefinedBehaviorSanitizer",
    "SUMMARY: ThreadSanitizer",
    "ThreadSanitizer: nested bug",
    "Automation Error:",
    "command timed out:",
    "wget: unable ",
    "bash.exe: *** ",
    "Unsuccessful task run with exit code: 137",
    "YOU ARE LEAKING THE WORLD",
];

fn is_failure(line: &str) -> bool {
    if X1A.is_match(line)
        || line.contains("A content process crashed and MOZ_CRASHREPORTER_SHUTDOWN is set, shutting down")
    {
        return false;
    }
    if E1.is_match(line) {
        return true;
    }
    let text = rstrip(&line[match_end(&MOZHARNESS, line)..]);
    if X2.iter().any(|exclude| exclude.is_match(text)) {
        return false;
    }
    TERMS.iter().any(|term| text.contains(term)) || POSITIVE.iter().any(|positive| positive.is_match(text))
}

fn match_end(regex: &Regex, text: &str) -> usize {
    regex.find(text).map_or(0, |found| found.end())
}

/// Removes trailing white space by the meaning of Python.
pub fn rstrip(text: &str) -> &str {
    text.trim_end_matches(|character: char| {
        character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
    })
}
