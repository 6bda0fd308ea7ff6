//! Rulesets of people's own: some made at random, and what they mean, line by line.

use proptest::{prelude::*, sample::select};
use regex_automata::meta::Regex;
use treeherder_logparse::{Rule, RuleMatcher, Ruleset, StageRules, StripRule};

use super::reference;

const WORDS: &[&str] = &[
    "err",
    "fail",
    "Error: ",
    "kö!",
    "abc",
    "ABC",
    "aab",
    "sks",
    "::x",
    "中文",
    "a b",
    "]: ",
    "0x0",
    "REFTEST ERROR",
];

const ATOMS: &[&str] = &[
    r"\d",
    r"\w+",
    r"\s*",
    r"\s",
    ".*",
    ".",
    r"[a-c]",
    r"[^b]",
    r"(?:abc|abd)",
    "é",
    "é?",
    r"(?i:kiss)",
    r"\b",
    r"\B",
    r"(?-u:\b)",
    "x?",
    "a{2,3}",
    "(?:ab)*",
    r"\W",
    "[é-ö]+",
    r"\bk",
    "(?:|a)",
    r"\d{1,2}?",
    r"(?:fail|err)+",
];

/// Windows to prefer: some lie in the words, some in none.
const PROBES: &[&str] = &["err", "ail", "abc", "ABC", "]: ", "T E", "x!x", ":: "];

fn text() -> impl Strategy<Value = String> {
    select(WORDS).prop_map(str::to_owned)
}

/// A pattern that has a word which every match contains.
fn pattern() -> impl Strategy<Value = String> {
    let atoms = || prop::collection::vec(select(ATOMS), 0..3).prop_map(|atoms| atoms.concat());
    let word = prop_oneof![3 => text().prop_map(|word| regex_syntax_escape(&word)), 1 => text().prop_map(|word| format!("(?i:{})", regex_syntax_escape(&word)))];
    (any::<bool>(), atoms(), word, atoms(), any::<bool>()).prop_map(|(start, before, word, after, end)| {
        format!("{}{before}{word}{after}{}", if start { "^" } else { "" }, if end { "$" } else { "" })
    })
}

/// A pattern anchored at the start that matches no empty text.
fn prefix() -> impl Strategy<Value = String> {
    let atom = || select(ATOMS);
    let body = select(&[r"\[[^\]]*\]", r"\d+", "[a-c]", ">", r"\w", "é"][..]);
    (atom(), body, atom()).prop_map(|(before, body, after)| format!("^{before}{body}{after}"))
}

fn regex_syntax_escape(text: &str) -> String {
    text.chars()
        .map(|character| {
            if r"[]{}()*+?.\^$|".contains(character) {
                format!("\\{character}")
            } else {
                character.to_string()
            }
        })
        .collect()
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![text().prop_map(Rule::text), pattern().prop_map(Rule::pattern)]
}

fn stage() -> impl Strategy<Value = StageRules> {
    let exclude = prop_oneof![
        rule(),
        select(ATOMS).prop_map(|atom| Rule::pattern(format!("^{atom}a$"))),
        Just(Rule::text("b"))
    ];
    let parts = (
        prop::option::of(prefix()),
        any::<bool>(),
        prop::collection::vec(exclude, 0..3),
        prop::collection::vec(rule(), 1..4),
    );
    parts.prop_map(|(skip, trim, exclude, failure)| {
        let mut stage = StageRules::default();
        (stage.skip, stage.trim, stage.exclude, stage.failure) = (skip, trim, exclude, failure);
        stage
    })
}

fn strip() -> impl Strategy<Value = StripRule> {
    (prefix(), prop::option::of(prefix()), prop::option::of(text()))
        .prop_map(|(pattern, unless, once_seen)| StripRule { pattern, unless, once_seen, line: None })
}

/// A small ruleset.
pub fn ruleset() -> impl Strategy<Value = Ruleset> {
    let parts = (
        prop::collection::vec(stage(), 1..4),
        prop::collection::vec(strip(), 0..3),
        prop::option::of(prop_oneof![1..30usize, Just(500)]),
        prop::option::of(1..6usize),
        any::<bool>(),
        prop::collection::vec(prop::collection::vec(select(PROBES), 0..3), 0..4),
    );
    parts.prop_map(|(stages, strip, chars, lines, performance, probes)| {
        let mut ruleset = Ruleset::new("random");
        (ruleset.stages, ruleset.strip) = (stages, strip);
        (ruleset.max_line_chars, ruleset.max_failure_lines) = (chars, lines);
        ruleset.performance = performance;
        ruleset.probes =
            probes.into_iter().map(|group| group.into_iter().map(str::to_owned).collect()).collect();
        ruleset
    })
}

/// A log of what such rules look for.
pub fn log() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"\n",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"  ",
        b"a",
        b"b",
        b"c",
        b"x",
        b"k",
        b"K",
        "\u{212a}".as_bytes(),
        "\u{17f}".as_bytes(),
        "é".as_bytes(),
        "ö".as_bytes(),
        "Ö".as_bytes(),
        b"\xff",
        b"\xc3",
        b"\xe4\xb8",
        b"0",
        b"12",
        "\u{663}".as_bytes(),
        b"[x] ",
        b">",
        b"abd",
        b"aa",
        b"kiss",
        b"KiSs",
        "\u{a0}".as_bytes(),
        b"\x1c",
        b"_",
        b"-",
    ];
    let piece = prop_oneof![
        2 => select(PIECES).prop_map(<[u8]>::to_vec),
        1 => text().prop_map(String::into_bytes),
        1 => Just(b"PERFHERDER_DATA: {}".to_vec()),
        1 => text().prop_map(|text| text.to_uppercase().into_bytes()),
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

/// A ruleset with each pattern as a regex of its own, asked on every line.
pub struct Naive<'a> {
    ruleset: &'a Ruleset,
}

impl<'a> Naive<'a> {
    pub fn new(ruleset: &'a Ruleset) -> Self {
        Self { ruleset }
    }

    /// Finds the failure lines of a log.
    pub fn failures(&self, log: &[u8]) -> Vec<reference::Failure> {
        let strips: Vec<_> = self
            .ruleset
            .strip
            .iter()
            .map(|strip| (regex(&strip.pattern), strip.unless.as_deref().map(regex)))
            .collect();
        let stages: Vec<_> = self.ruleset.stages.iter().map(Stage::new).collect();
        let mut active: Vec<bool> =
            self.ruleset.strip.iter().map(|strip| strip.once_seen.is_none()).collect();
        let mut found: Vec<reference::Failure> = Vec::new();
        for (number, (offset, line)) in reference::lines(log).into_iter().enumerate() {
            if self.ruleset.max_failure_lines.is_some_and(|max| found.len() >= max) {
                break;
            }
            let decoded = String::from_utf8_lossy(line);
            let uncut = self.ruleset.performance && decoded.contains("PERFHERDER_DATA");
            let chars = self.ruleset.max_line_chars.filter(|_| !uncut).unwrap_or(usize::MAX);
            let cut: String = decoded.chars().take(chars).collect();
            for (strip, active) in self.ruleset.strip.iter().zip(&mut active) {
                *active |= strip.once_seen.as_ref().is_some_and(|seen| cut.starts_with(seen));
            }
            let mut text = cut.as_str();
            for ((pattern, unless), _) in strips.iter().zip(&active).filter(|(_, active)| **active) {
                if unless.as_ref().is_none_or(|unless| !unless.is_match(text)) {
                    text = &text[pattern.find(text).map_or(0, |found| found.end())..];
                }
            }
            if is_failure(&stages, text) {
                let stored = reference::rstrip(text);
                if found.last().is_none_or(|last| last.2 != stored) {
                    found.push((number as u64, offset, stored.to_owned()));
                }
            }
        }
        found
    }
}

struct Stage {
    skip: Option<Regex>,
    trim: bool,
    exclude: Vec<Regex>,
    failure: Vec<Regex>,
}

impl Stage {
    fn new(stage: &StageRules) -> Self {
        let set = |rules: &[Rule]| {
            let pattern = |rule: &Rule| match &rule.matcher {
                RuleMatcher::Text(text) => regex(&regex_syntax_escape(text)),
                RuleMatcher::Pattern(pattern) => regex(pattern),
            };
            rules.iter().map(pattern).collect()
        };
        Self {
            skip: stage.skip.as_deref().map(regex),
            trim: stage.trim,
            exclude: set(&stage.exclude),
            failure: set(&stage.failure),
        }
    }
}

fn is_failure(stages: &[Stage], line: &str) -> bool {
    for stage in stages {
        let view =
            &line[stage.skip.as_ref().and_then(|skip| skip.find(line)).map_or(0, |found| found.end())..];
        let view = if stage.trim { reference::rstrip(view) } else { view };
        if stage.exclude.iter().any(|rule| rule.is_match(view)) {
            return false;
        }
        if stage.failure.iter().any(|rule| rule.is_match(view)) {
            return true;
        }
    }
    false
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}
