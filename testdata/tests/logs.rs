//! What the generated logs are: the same on every run, and exactly what their truth says.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic")]

use std::io::Read;

use regex_automata::meta::Regex;
use treeherder_testdata::logs::{
    ErrorLine, FailureKind, LogReader, LogSpec, Packing, Preset, Profile, Truth, pack,
};

/// The rules of `spec/ingest.md` §5.5, written a second time in the plainest way.
struct Rules {
    worker_prefix: Regex,
    harness_prefix: Regex,
    excluded: Regex,
    harness: Regex,
    excluded_rest: Regex,
    found: Regex,
}

const TERMS: [&str; 18] = [
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
    "ThreadSanitizer: nested bug",
    "Automation Error:",
    "command timed out:",
    "wget: unable ",
    "bash.exe: *** ",
    "Unsuccessful task run with exit code: 137",
    "YOU ARE LEAKING THE WORLD",
    "SUMMARY: ThreadSanitizer",
];

impl Rules {
    fn new() -> Self {
        let regex = |pattern: &str| Regex::new(pattern).unwrap();
        let terms = TERMS.map(|term| {
            term.chars()
                .map(|c| if "*.#!: ".contains(c) { format!(r"\x{{{:x}}}", c as u32) } else { c.to_string() })
                .collect::<String>()
        });
        let found = format!(
            r"{}|^g?make(?:\[\d+\])?: \*\*\*|^[A-Za-z.]+Error: |^[A-Za-z.]*Exception: |^\[  FAILED  \] |^remoteFailed:|^rm: cannot |^abort:|^\[taskcluster\] Error:|^\[[\w._-]+:(?:error|exception)\]| error\(\d*\):|:\d+: error:| error R?C\d*:|ERROR [45]\d\d:|mozmake\.(?:exe|EXE)(?:\[\d+\])?: \*\*\*",
            terms.join("|")
        );
        Self {
            worker_prefix: regex(r"^\[[^\]]*20\d{2}-[^\]]+\]\s"),
            harness_prefix: regex(r"^\d+:\d+:\d+ +(?:DEBUG|INFO|WARNING) - +"),
            excluded: regex(
                r"TEST-(?:INFO|PASS) |A content process crashed and MOZ_CRASHREPORTER_SHUTDOWN is set, shutting down",
            ),
            harness: regex(r"^\d+:\d+:\d+ +(?:ERROR|CRITICAL|FATAL) - "),
            excluded_rest: regex(
                r"I[ /](Gecko|TestRunner).*TEST-UNEXPECTED-|Assertion failure$|^TEST-UNEXPECTED-WARNING\b|^TimeoutException: |^ImportError: No module named pygtk$|non-fatal error",
            ),
            found: regex(&found),
        }
    }

    fn is_error(&self, line: &str) -> bool {
        if self.excluded.is_match(line) {
            return false;
        }
        if self.harness.is_match(line) {
            return true;
        }
        let start = self.harness_prefix.find(line).map_or(0, |found| found.end());
        let text = trim(&line[start..]);
        !self.excluded_rest.is_match(text) && self.found.is_match(text)
    }

    fn errors(&self, log: &[u8]) -> (u64, Vec<ErrorLine>) {
        let mut errors: Vec<ErrorLine> = Vec::new();
        let mut of_worker = false;
        let lines = split(log);
        for (number, line) in lines.iter().enumerate() {
            let whole = String::from_utf8_lossy(line);
            let mut line: String = if whole.contains("PERFHERDER_DATA") {
                whole.into_owned()
            } else {
                whole.chars().take(500).collect()
            };
            of_worker |= line.starts_with("[taskcluster ");
            let prefix = self.worker_prefix.find(&line).map_or(0, |found| found.end());
            if of_worker && !line.starts_with("[taskcluster:") {
                line.drain(..prefix);
            }
            if self.is_error(&line) && errors.last().is_none_or(|last| last.line != trim(&line)) {
                errors.push(ErrorLine { linenumber: number as u64, line: trim(&line).to_owned() });
            }
        }
        (lines.len() as u64, errors)
    }
}

fn trim(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// Splits at LF, CR and CR LF.
fn split(log: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = log;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        lines.push(&rest[..end]);
        let skip = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = rest.get(end + skip..).unwrap_or_default();
    }
    lines
}

fn check(rules: &Rules, name: &str, spec: &LogSpec) -> Truth {
    let (bytes, truth) = spec.to_bytes();
    let (lines, errors) = rules.errors(&bytes);
    assert_eq!(truth.lines, lines, "{name}: lines");
    assert_eq!(truth.bytes, bytes.len() as u64, "{name}: bytes");
    for (planted, found) in truth.errors.iter().zip(&errors) {
        assert_eq!(planted, found, "{name}");
    }
    assert_eq!(truth.errors.len(), errors.len(), "{name}: {:?}", errors.get(truth.errors.len()));
    assert_eq!(truth.errors.len() as u64, spec.error_count(), "{name}: number of errors");
    assert_eq!(truth.performance_data.len() as u64, spec.perf_count(), "{name}: number of perf objects");
    truth
}

#[test]
fn the_rules_find_exactly_what_was_planted() {
    let rules = Rules::new();
    for preset in Preset::ALL {
        for (seed, bytes) in [(1, 2_000), (2, 40_000), (3, 700_000)] {
            check(&rules, &format!("{preset:?} {seed}"), &preset.spec(seed, bytes));
        }
    }
    for profile in Profile::ALL {
        let mut spec = LogSpec::new(profile, 9, 60_000);
        spec.plants =
            profile.failure_kinds().into_iter().map(treeherder_testdata::logs::Plant::Failure).collect();
        spec.plants.extend(profile.decoys().into_iter().map(treeherder_testdata::logs::Plant::Decoy));
        check(&rules, &format!("all of {profile:?}"), &spec);
        check(&rules, &format!("steady {profile:?}"), &LogSpec::steady(profile, 4, 3_000_000));
    }
}

#[test]
fn every_kind_of_failure_can_be_planted_somewhere() {
    let mut kinds: Vec<FailureKind> = Profile::Mochitest.failure_kinds();
    kinds.retain(|kind| FailureKind::ALL.contains(kind));
    assert_eq!(kinds.len(), FailureKind::ALL.len());
}

#[test]
fn ordinary_lines_contain_no_term() {
    for profile in Profile::ALL {
        let (bytes, truth) = LogSpec::new(profile, 7, 2_000_000).to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        for term in TERMS {
            assert!(!text.contains(term), "{profile:?} contains {term}");
        }
        assert_eq!(truth.errors, []);
    }
}

#[test]
fn the_same_spec_gives_the_same_bytes_however_they_are_taken() {
    for preset in Preset::ALL {
        let spec = preset.spec(11, 120_000);
        let (bytes, truth) = spec.to_bytes();
        assert_eq!(spec.to_bytes(), (bytes.clone(), truth.clone()), "{preset:?}");
        let mut written = Vec::new();
        assert_eq!(spec.write_to(&mut written).unwrap(), truth);
        assert_eq!(written, bytes, "{preset:?}");
        let mut reader = LogReader::new(&spec);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes, "{preset:?}");
        assert_eq!(reader.into_truth(), truth);
        assert_ne!(preset.spec(12, 120_000).to_bytes().0, bytes, "{preset:?}: another seed, another log");
    }
}

#[test]
fn line_ends_are_those_of_the_profile() {
    let count =
        |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).filter(|window| *window == wanted).count();
    let (windows, _) = Preset::WindowsFail.spec(1, 100_000).to_bytes();
    assert_eq!(count(&windows, b"\n"), count(&windows, b"\r\n"));
    let (mochitest, _) = Preset::Clean.spec(1, 400_000).to_bytes();
    assert!(count(&mochitest, b"\r\n") > 0 && count(&mochitest, b"\n") > count(&mochitest, b"\r\n"));
    assert!(count(&mochitest, b"%\r[") > 0, "progress bars end in a lone CR");
    let (odd, _) = Preset::Odd.spec(1, 2_000_000).to_bytes();
    assert!(!odd.ends_with(b"\n") && std::str::from_utf8(&odd).is_err());
    assert!(split(&odd).iter().any(|line| line.len() > 20_000));
}

#[test]
fn packed_logs_inflate_to_what_they_should() {
    let spec = Preset::MochitestFail.spec(5, 300_000);
    let (plain, truth) = spec.to_bytes();
    let inflate = |bytes: &[u8]| {
        let mut out = Vec::new();
        let result = flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out);
        (out, result)
    };
    for packing in [Packing::Gzip, Packing::MultiMember(50_000)] {
        let (packed, packed_truth) = pack(&spec, packing).unwrap();
        assert_eq!(packed_truth, truth);
        let (inflated, result) = inflate(&packed);
        result.unwrap();
        assert!(inflated == plain, "{packing:?}");
    }
    let (members, _) = pack(&spec, Packing::MultiMember(50_000)).unwrap();
    let mut first = Vec::new();
    flate2::read::GzDecoder::new(&members[..]).read_to_end(&mut first).unwrap();
    assert_eq!(first.len(), 50_000);
    for packing in [Packing::Truncated(70), Packing::Corrupt(40)] {
        let (packed, _) = pack(&spec, packing).unwrap();
        let (inflated, result) = inflate(&packed);
        assert!(result.is_err() && plain.starts_with(&inflated[..inflated.len().min(50_000)]), "{packing:?}");
    }
    assert_eq!(pack(&spec, Packing::Plain).unwrap(), (plain, truth));
    assert_eq!(pack(&spec, Packing::Empty).unwrap().0, b"");
}

/// The figures of real logs (`limits.md` §1): mean line 229 bytes, gzip 16:1. Ours must stay near them, or
/// benchmarks on them say nothing.
#[test]
fn sizes_are_like_those_of_real_logs() {
    let (mut bytes, mut lines, mut packed) = (0, 0, 0);
    for (seed, profile) in Profile::ALL.into_iter().enumerate() {
        let (gzip, truth) = pack(&LogSpec::steady(profile, seed as u64, 4_000_000), Packing::Gzip).unwrap();
        println!(
            "{profile:?}: mean line {} ratio {:.1}",
            truth.bytes / truth.lines,
            truth.bytes as f64 / gzip.len() as f64
        );
        bytes += truth.bytes;
        lines += truth.lines;
        packed += gzip.len() as u64;
    }
    println!("all: mean line {} ratio {:.1}", bytes / lines, bytes as f64 / packed as f64);
    assert!((200..260).contains(&(bytes / lines)), "mean line {}", bytes / lines);
    assert!((14..19).contains(&(bytes / packed)), "ratio {}", bytes / packed);
}
