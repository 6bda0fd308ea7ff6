//! Patterns compiled for the confirm step.
//!
//! Each set of patterns has a small dense DFA over bytes and, for lines with bytes of 0x80 and above, an exact
//! Unicode regex that is only built when such a line turns up. The DFA is made from the same expressions with every
//! class widened by "any run of non-ASCII bytes": on ASCII lines it is exact, on others it can only say yes too often.

use std::sync::OnceLock;

use regex_automata::{
    Anchored, Input, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    meta,
    nfa::thompson,
    util::{primitives::StateID, start},
};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Look, Repetition};

use super::{memo::Memo, near::ByteSet, walk::Walk};

/// Room for the DFA of one set of patterns.
const DFA_SIZE_LIMIT: usize = 4 << 20;
/// Room for an automaton that is to become a walk: twice what the largest walk takes.
const WALK_SIZE_LIMIT: usize = 512 << 10;

/// A set of patterns of which any may match.
#[derive(Debug)]
pub(crate) struct PatternSet {
    /// Patterns that begin with `^`: their automaton dies at the first byte that doesn't fit.
    anchored: OnUse<Forward>,
    /// The others: the largest automaton of a set.
    unanchored: OnUse<ByteDfa>,
    exact: Exact,
    exact_on_ascii: bool,
}

/// An automaton that may be built on first use; `None` inside when it would be too large.
type OnUse<T> = OnceLock<Option<T>>;

impl PatternSet {
    /// Compiles a set; `texts` are only looked for by [`matches_exactly`](Self::matches_exactly).
    ///
    /// Of a set that is `rarely_used` the automata are built on first use.
    pub(crate) fn new(patterns: Vec<Hir>, texts: &[&str], rarely_used: bool) -> Result<Self, String> {
        let exact_on_ascii = patterns.iter().all(is_exact_on_ascii);
        let mut exact = patterns;
        exact.extend(texts.iter().map(|text| Hir::literal(text.as_bytes())));
        let set = Self {
            anchored: OnUse::new(),
            unanchored: OnUse::new(),
            exact: Exact::new(exact, texts.len()),
            exact_on_ascii,
        };
        if !rarely_used {
            let anchored = Forward::new(&set.exact.patterns_that(is_anchored))?;
            let unanchored =
                ByteDfa::new(&set.exact.patterns_that(|pattern| !is_anchored(pattern)), Anchored::No)?;
            // They are empty: nothing else has seen them.
            let _ = (set.anchored.set(anchored), set.unanchored.set(unanchored));
        }
        Ok(set)
    }

    /// Tells whether the two `may_match` functions are exact on lines of ASCII.
    pub(crate) fn is_exact_on_ascii(&self) -> bool {
        self.exact_on_ascii
    }

    /// Tells whether an anchored pattern matches; exact on ASCII lines, else it may say yes too often.
    pub(crate) fn may_match_anchored(&self, line: &[u8]) -> bool {
        let patterns = || self.exact.patterns_that(is_anchored);
        match self.anchored.get_or_init(|| Forward::new(&patterns()).ok().flatten()) {
            Some(automaton) => automaton.is_match(line),
            None => self.matches_exactly(&String::from_utf8_lossy(line)),
        }
    }

    /// Tells whether an unanchored pattern matches; exact on ASCII lines, else it may say yes too often.
    pub(crate) fn may_match_unanchored(&self, line: &[u8]) -> bool {
        let patterns = || self.exact.patterns_that(|pattern| !is_anchored(pattern));
        match self.unanchored.get_or_init(|| ByteDfa::new(&patterns(), Anchored::No).ok().flatten()) {
            Some(dfa) => dfa.is_match(line),
            None => self.matches_exactly(&String::from_utf8_lossy(line)),
        }
    }

    /// Tells whether any pattern or text matches, by the rules of Unicode.
    pub(crate) fn matches_exactly(&self, line: &str) -> bool {
        self.exact.is_match(line)
    }
}

/// An automaton for patterns that begin where the line does.
#[derive(Debug)]
enum Forward {
    Walk(Walk),
    /// What is too large for a walk.
    Dfa(Box<ByteDfa>),
}

impl Forward {
    fn new(patterns: &[Hir]) -> Result<Option<Self>, String> {
        let dfa = ByteDfa::new(patterns, Anchored::Yes)?;
        Ok(dfa.map(|dfa| dfa.walk().map_or_else(|| Self::Dfa(Box::new(dfa)), Self::Walk)))
    }

    #[inline]
    fn is_match(&self, line: &[u8]) -> bool {
        match self {
            Self::Walk(walk) => walk.is_match(line),
            Self::Dfa(dfa) => dfa.is_match(line),
        }
    }
}

/// Returns the text that a pattern for the start of a line is, when it is just one of ASCII.
fn text_of(pattern: &Hir) -> Option<Box<[u8]>> {
    let HirKind::Concat(parts) = pattern.kind() else { return None };
    match parts.as_slice() {
        [start, text] if *start.kind() == HirKind::Look(Look::Start) => match text.kind() {
            HirKind::Literal(text) => Some(text.0.clone()).filter(|text| text.is_ascii()),
            _ => None,
        },
        _ => None,
    }
}

/// A pattern for the start of a line.
#[derive(Debug)]
pub(crate) struct Prefix {
    /// The pattern is this text of ASCII alone: quicker compared than gone through.
    text: Option<Box<[u8]>>,
    automaton: Forward,
    exact: Exact,
}

impl Prefix {
    pub(crate) fn new(pattern: Hir) -> Result<Self, String> {
        if !is_anchored(&pattern) {
            return Err("must be anchored at the start of the line with `^`".to_owned());
        }
        let patterns = [pattern];
        let automaton = Forward::new(&patterns)?.ok_or("is empty")?;
        Ok(Self { text: text_of(&patterns[0]), automaton, exact: Exact::new(patterns.to_vec(), 0) })
    }

    /// Returns where the prefix ends, `Some(0)` when there is none, and `None` when only the exact rules can tell.
    #[inline]
    pub(crate) fn end(&self, line: &[u8], memo: &mut Memo) -> Option<usize> {
        if let Some(text) = &self.text {
            return Some(if line.starts_with(text) { text.len() } else { 0 });
        }
        match &self.automaton {
            Forward::Walk(walk) => memo.prefix_end(walk, line),
            Forward::Dfa(dfa) => {
                let end = dfa.match_end(line).unwrap_or(0);
                line[..end].is_ascii().then_some(end)
            }
        }
    }

    /// Returns the bytes with which the prefix may end.
    pub(crate) fn last_bytes(&self) -> ByteSet {
        match &self.automaton {
            Forward::Walk(walk) => ByteSet::of(|byte| walk.ends_with(byte)),
            Forward::Dfa(_) => ByteSet::ALL,
        }
    }

    /// Returns where the prefix ends by the rules of Unicode, 0 when there is none.
    pub(crate) fn end_exactly(&self, line: &str) -> usize {
        self.exact.match_end(line).unwrap_or(0)
    }
}

/// An exact regex, built on first use: most logs never need it.
struct Exact {
    patterns: Vec<Hir>,
    /// How many of them, at the end, are plain texts.
    texts: usize,
    regex: OnceLock<Option<meta::Regex>>,
}

impl std::fmt::Debug for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exact").field("patterns", &self.patterns.len()).finish_non_exhaustive()
    }
}

impl Exact {
    fn new(patterns: Vec<Hir>, texts: usize) -> Self {
        Self { patterns, texts, regex: OnceLock::new() }
    }

    /// Returns those patterns that are no plain texts and of which something holds.
    fn patterns_that(&self, holds: impl Fn(&Hir) -> bool) -> Vec<Hir> {
        let patterns = &self.patterns[..self.patterns.len() - self.texts];
        patterns.iter().filter(|pattern| holds(pattern)).cloned().collect()
    }

    fn regex(&self) -> Option<&meta::Regex> {
        let build = || {
            if self.patterns.is_empty() {
                return None;
            }
            let config = meta::Config::new().nfa_size_limit(None).onepass(false).backtrack(false);
            // Without limits the builder has nothing to refuse: the expressions themselves were parsed already.
            meta::Builder::new().configure(config).build_many_from_hir(&self.patterns).ok()
        };
        self.regex.get_or_init(build).as_ref()
    }

    fn is_match(&self, line: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(line))
    }

    fn match_end(&self, line: &str) -> Option<usize> {
        let input = Input::new(line).anchored(Anchored::Yes);
        self.regex()?.search_half(&input).map(|half| half.offset())
    }
}

/// A dense DFA with its start state at hand.
#[derive(Debug)]
pub(super) struct ByteDfa {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl ByteDfa {
    /// Compiles patterns, widened to bytes; `None` when there are none.
    fn new(patterns: &[Hir], anchored: Anchored) -> Result<Option<Self>, String> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let widened: Vec<Hir> = patterns.iter().map(widen).collect();
        Self::build(&widened, anchored, MatchKind::LeftmostFirst, DFA_SIZE_LIMIT).map(Some)
    }

    fn build(
        patterns: &[Hir],
        anchored: Anchored,
        match_kind: MatchKind,
        size_limit: usize,
    ) -> Result<Self, String> {
        let start_kind = match anchored {
            Anchored::No => StartKind::Unanchored,
            _ => StartKind::Anchored,
        };
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().utf8(false).which_captures(thompson::WhichCaptures::None))
            .build_many_from_hir(patterns)
            .map_err(|error| error.to_string())?;
        let config = dense::Config::new()
            .start_kind(start_kind)
            .match_kind(match_kind)
            .dfa_size_limit(Some(size_limit))
            .determinize_size_limit(Some(4 * size_limit));
        let dfa = dense::Builder::new()
            .configure(config)
            .build_from_nfa(&nfa)
            .map_err(|error| error.to_string())?;
        let start =
            dfa.start_state(&start::Config::new().anchored(anchored)).map_err(|error| error.to_string())?;
        Ok(Self { dfa, start })
    }

    /// Compiles a pattern of bytes so that all its matches count, the shortest and the longest; `None` when that is too
    /// large.
    pub(super) fn of_all_matches(pattern: &Hir) -> Option<Self> {
        Self::build(std::slice::from_ref(pattern), Anchored::Yes, MatchKind::All, WALK_SIZE_LIMIT).ok()
    }

    /// Makes a walk of it, unless it is too large for that.
    pub(super) fn walk(&self) -> Option<Walk> {
        Walk::new(&self.dfa, self.start)
    }

    fn is_match(&self, line: &[u8]) -> bool {
        let mut state = self.start;
        for &byte in line {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_special_state(state) {
                if self.dfa.is_match_state(state) {
                    return true;
                }
                if self.dfa.is_dead_state(state) {
                    return false;
                }
            }
        }
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }

    /// Returns the end of the leftmost-first match; matches are reported one byte late.
    fn match_end(&self, line: &[u8]) -> Option<usize> {
        let mut state = self.start;
        let mut end = None;
        for (at, &byte) in line.iter().enumerate() {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_special_state(state) {
                if self.dfa.is_match_state(state) {
                    end = Some(at);
                } else if self.dfa.is_dead_state(state) {
                    return end;
                }
            }
        }
        if self.dfa.is_match_state(self.dfa.next_eoi_state(state)) { Some(line.len()) } else { end }
    }
}

/// Tells whether the widened automaton is exact on ASCII lines: all but word boundaries survive widening.
pub(super) fn is_exact_on_ascii(pattern: &Hir) -> bool {
    !pattern.properties().look_set().contains_word_unicode()
}

/// Tells whether every match begins at the start of the line.
pub(super) fn is_anchored(pattern: &Hir) -> bool {
    pattern.properties().look_set_prefix().contains(Look::Start)
}

/// Rewrites an expression so that it matches bytes: exactly the same ASCII texts, and any text that it matched before.
pub(super) fn widen(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(class) => widen_class(class),
        HirKind::Look(look) => widen_look(*look),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min,
            max: repetition.max,
            greedy: repetition.greedy,
            sub: Box::new(widen(&repetition.sub)),
        }),
        HirKind::Capture(capture) => widen(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(widen).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(widen).collect()),
    }
}

fn widen_class(class: &Class) -> Hir {
    let mut bytes = ClassBytes::empty();
    let mut beyond_ascii = false;
    match class {
        Class::Unicode(class) => {
            for range in class.ranges() {
                if range.start().is_ascii() {
                    let end = u8::try_from(range.end()).unwrap_or(0x7F).min(0x7F);
                    // `start` is ASCII, so it fits.
                    bytes.push(ClassBytesRange::new(range.start() as u8, end));
                }
                beyond_ascii |= !range.end().is_ascii();
            }
        }
        Class::Bytes(class) => {
            for range in class.ranges() {
                bytes.push(ClassBytesRange::new(range.start(), range.end()));
            }
        }
    }
    let ascii = Hir::class(Class::Bytes(bytes));
    if !beyond_ascii {
        return ascii;
    }
    let run = Hir::repetition(Repetition {
        min: 1,
        max: None,
        greedy: true,
        sub: Box::new(Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(0x80, 0xFF)])))),
    });
    Hir::alternation(vec![ascii, run])
}

/// Turns an expression over bytes without boundaries around: it matches the same texts read backwards.
pub(super) fn reverse(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Literal(literal) => Hir::literal(literal.0.iter().rev().copied().collect::<Vec<u8>>()),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min,
            max: repetition.max,
            greedy: repetition.greedy,
            sub: Box::new(reverse(&repetition.sub)),
        }),
        HirKind::Capture(capture) => reverse(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().rev().map(reverse).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(reverse).collect()),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

/// Unicode word boundaries are left to the exact regex; the rest keeps its meaning on bytes.
fn widen_look(look: Look) -> Hir {
    match look {
        Look::WordUnicode
        | Look::WordUnicodeNegate
        | Look::WordStartUnicode
        | Look::WordEndUnicode
        | Look::WordStartHalfUnicode
        | Look::WordEndHalfUnicode => Hir::empty(),
        other => Hir::look(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hir(pattern: &str) -> Hir {
        regex_syntax::parse(pattern).unwrap()
    }

    #[test]
    fn the_byte_automaton_never_misses_what_the_exact_regex_finds() {
        let patterns = [r"^\[\w+:error\]", r"\d+: \s*x$", r"a.*b", r"é+x", r"[^a]b{2,3}"];
        let set = PatternSet::new(patterns.iter().map(|pattern| hir(pattern)).collect(), &[], true).unwrap();
        for line in [
            "[äb:error]",
            "٣: \u{a0}x",
            "aéb",
            "ééx",
            "\u{2028}bb",
            "[a:error]",
            "1: x",
            "ab",
            "nothing",
            "é",
            "",
        ] {
            let may = set.may_match_anchored(line.as_bytes()) || set.may_match_unanchored(line.as_bytes());
            let exact = set.matches_exactly(line);
            assert!(may || !exact, "{line}");
            if line.is_ascii() {
                assert_eq!(may, exact, "{line}");
            }
        }
    }

    #[test]
    fn what_is_remembered_of_other_lines_is_right_for_these() {
        // Some digits are alike here, others are not; some ends depend on what comes next.
        for pattern in [
            r"^\[t \d{4}-\d\d\] ",
            r"^\[t 202[67]-\d\d\] ",
            r"^\[t \d+-(?:0\d|1[0-2])\] ?",
            r"^\[t 2026",
            r"^\[[^\]]*20\d{2}-[^\]]+\]\s",
            r"^\[t \d+-\d+\] +(?:more|mo|7+ )",
            r"^\[t \d+-\d+\] +more.*0$",
        ] {
            let prefix = Prefix::new(hir(pattern)).unwrap();
            let mut memo = Memo::default();
            let mut different = 0;
            for number in 0..8000 {
                let tail = ["more", " more", "7more", "77 more", "m\u{e9}"][number * 13 % 5];
                let line = format!(
                    "[t {}-{:02}] {tail} and more, so that it is long enough {number}",
                    2020 + number * 7 % 13,
                    number * 31 % 17
                );
                let cut =
                    if number % 3 == 0 { line.floor_char_boundary(5 + number % 40) } else { line.len() };
                let line = &line[..cut];
                let expected = prefix.end_exactly(line);
                assert_eq!(prefix.end(line.as_bytes(), &mut memo), Some(expected), "{pattern} {line}");
                different += usize::from(expected > 0);
            }
            assert!((1..8000).contains(&different), "{pattern} {different}");
        }
    }

    #[test]
    fn prefixes_end_where_the_greedy_match_does() {
        let prefix = Prefix::new(hir(r"^\d+ +(?:INFO|DEBUG) - +")).unwrap();
        // Whatever the lines before left in the memo, the answer is that of a fresh one.
        let mut memo = Memo::default();
        for (line, end) in [
            ("12  INFO -    make", Some(14)),
            ("12  INFO -", Some(0)),
            ("12  INFO -    make", Some(14)),
            ("99999999999999  DEBUG - x", Some(24)),
            ("12  INFO -      make", Some(16)),
            ("99999999999999  DEBUT - x", Some(0)),
            ("12  INFO -     ", Some(15)),
            ("12  INFO - ", Some(11)),
            ("12  INFO -     ", Some(15)),
            ("٣ INFO - make", None),
            ("", Some(0)),
        ] {
            assert_eq!(prefix.end(line.as_bytes(), &mut memo), end, "{line}");
            assert_eq!(prefix.end(line.as_bytes(), &mut Memo::default()), end, "{line}");
        }
        assert_eq!(prefix.end_exactly("٣ INFO - make"), 10);
        assert!(Prefix::new(hir("abc")).is_err());
    }
}
