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

use super::memo::{MEMO_REACH, Memo, STEP, Step};

/// Room for the DFA of one set of patterns.
const DFA_SIZE_LIMIT: usize = 4 << 20;

/// A set of patterns of which any may match.
#[derive(Debug)]
pub(crate) struct PatternSet {
    /// Patterns that begin with `^`: their automaton dies at the first byte that doesn't fit.
    anchored: Option<ByteDfa>,
    /// The others.
    unanchored: Unanchored,
    exact: Exact,
    exact_on_ascii: bool,
}

/// The automaton of the unanchored patterns: the largest one of a set.
#[derive(Debug)]
enum Unanchored {
    Built(Option<ByteDfa>),
    /// Built on first use; `None` inside when it would be too large.
    OnUse(OnceLock<Option<ByteDfa>>),
}

impl PatternSet {
    /// Compiles a set; `texts` are only looked for by [`matches_exactly`](Self::matches_exactly).
    pub(crate) fn new(patterns: Vec<Hir>, texts: &[&str]) -> Result<Self, String> {
        let exact_on_ascii = patterns.iter().all(is_exact_on_ascii);
        let (anchored, unanchored): (Vec<Hir>, Vec<Hir>) = patterns.iter().cloned().partition(is_anchored);
        let mut exact = patterns;
        exact.extend(texts.iter().map(|text| Hir::literal(text.as_bytes())));
        Ok(Self {
            anchored: ByteDfa::new(&anchored, Anchored::Yes)?,
            unanchored: Unanchored::Built(ByteDfa::new(&unanchored, Anchored::No)?),
            exact: Exact::new(exact),
            exact_on_ascii,
        })
    }

    /// Compiles a set of patterns that are hardly ever asked for: what is large about them is built on first use.
    pub(crate) fn rarely_used(patterns: Vec<Hir>) -> Result<Self, String> {
        let exact_on_ascii = patterns.iter().all(is_exact_on_ascii);
        let anchored: Vec<Hir> = patterns.iter().filter(|pattern| is_anchored(pattern)).cloned().collect();
        let unanchored = if anchored.len() < patterns.len() {
            Unanchored::OnUse(OnceLock::new())
        } else {
            Unanchored::Built(None)
        };
        Ok(Self {
            anchored: ByteDfa::new(&anchored, Anchored::Yes)?,
            unanchored,
            exact: Exact::new(patterns),
            exact_on_ascii,
        })
    }

    /// Tells whether the two `may_match` functions are exact on lines of ASCII.
    pub(crate) fn is_exact_on_ascii(&self) -> bool {
        self.exact_on_ascii
    }

    /// Tells whether an anchored pattern matches; exact on ASCII lines, else it may say yes too often.
    pub(crate) fn may_match_anchored(&self, line: &[u8], memo: &mut Memo) -> bool {
        self.anchored.as_ref().is_some_and(|dfa| dfa.is_match_at_start(line, memo))
    }

    /// Tells whether an unanchored pattern matches; exact on ASCII lines, else it may say yes too often.
    pub(crate) fn may_match_unanchored(&self, line: &[u8]) -> bool {
        let dfa = match &self.unanchored {
            Unanchored::Built(dfa) => dfa,
            Unanchored::OnUse(dfa) => {
                let dfa = dfa.get_or_init(|| {
                    let patterns = self.exact.patterns.iter().filter(|pattern| !is_anchored(pattern));
                    ByteDfa::new(&patterns.cloned().collect::<Vec<_>>(), Anchored::No).ok().flatten()
                });
                if dfa.is_none() {
                    return self.matches_exactly(&String::from_utf8_lossy(line));
                }
                dfa
            }
        };
        dfa.as_ref().is_some_and(|dfa| dfa.is_match(line))
    }

    /// Tells whether any pattern or text matches, by the rules of Unicode.
    pub(crate) fn matches_exactly(&self, line: &str) -> bool {
        self.exact.is_match(line)
    }
}

/// A pattern for the start of a line.
#[derive(Debug)]
pub(crate) struct Prefix {
    dfa: ByteDfa,
    exact: Exact,
}

impl Prefix {
    pub(crate) fn new(pattern: Hir) -> Result<Self, String> {
        if !is_anchored(&pattern) {
            return Err("must be anchored at the start of the line with `^`".to_owned());
        }
        let patterns = [pattern];
        let dfa = ByteDfa::new(&patterns, Anchored::Yes)?.ok_or("is empty")?;
        Ok(Self { dfa, exact: Exact::new(patterns.to_vec()) })
    }

    /// Returns where the prefix ends, `Some(0)` when there is none, and `None` when only the exact rules can tell.
    pub(crate) fn end(&self, line: &[u8], memo: &mut Memo) -> Option<usize> {
        let end = self.dfa.match_end(line, memo).unwrap_or(0);
        line[..end].is_ascii().then_some(end)
    }

    /// Returns where the prefix ends by the rules of Unicode, 0 when there is none.
    pub(crate) fn end_exactly(&self, line: &str) -> usize {
        self.exact.match_end(line).unwrap_or(0)
    }
}

/// An exact regex, built on first use: most logs never need it.
struct Exact {
    patterns: Vec<Hir>,
    regex: OnceLock<Option<meta::Regex>>,
}

impl std::fmt::Debug for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exact").field("patterns", &self.patterns.len()).finish_non_exhaustive()
    }
}

impl Exact {
    fn new(patterns: Vec<Hir>) -> Self {
        Self { patterns, regex: OnceLock::new() }
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
        let start_kind = match anchored {
            Anchored::No => StartKind::Unanchored,
            _ => StartKind::Anchored,
        };
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().utf8(false).which_captures(thompson::WhichCaptures::None))
            .build_many_from_hir(&widened)
            .map_err(|error| error.to_string())?;
        let config = dense::Config::new()
            .start_kind(start_kind)
            .match_kind(MatchKind::LeftmostFirst)
            .dfa_size_limit(Some(DFA_SIZE_LIMIT))
            .determinize_size_limit(Some(4 * DFA_SIZE_LIMIT));
        let dfa = dense::Builder::new()
            .configure(config)
            .build_from_nfa(&nfa)
            .map_err(|error| error.to_string())?;
        let start =
            dfa.start_state(&start::Config::new().anchored(anchored)).map_err(|error| error.to_string())?;
        Ok(Some(Self { dfa, start }))
    }

    fn is_match(&self, line: &[u8]) -> bool {
        self.is_match_from(self.start, line)
    }

    fn is_match_from(&self, state: StateID, line: &[u8]) -> bool {
        let mut state = state;
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

    /// As [`is_match`](Self::is_match) for an anchored automaton, by what it did on the lines before where it did that.
    fn is_match_at_start(&self, line: &[u8], memo: &mut Memo) -> bool {
        let mut state = self.start;
        let mut rest = line;
        for place in 0..MEMO_REACH {
            let Some((bytes, behind)) = rest.split_first_chunk() else { break };
            let step = memo.step(self, place, state, bytes);
            if step.end.is_some() {
                return true;
            }
            let Some(to) = step.to else { return false };
            (state, rest) = (to, behind);
        }
        self.is_match_from(state, rest)
    }

    /// Returns the end of the leftmost-first match; matches are reported one byte late.
    fn match_end(&self, line: &[u8], memo: &mut Memo) -> Option<usize> {
        let mut state = self.start;
        let mut end = None;
        let mut at = 0;
        for place in 0..MEMO_REACH {
            let Some(bytes) = line[at..].first_chunk() else { break };
            let step = memo.step(self, place, state, bytes);
            end = step.end.map(|within| at + usize::from(within)).or(end);
            let Some(to) = step.to else { return end };
            state = to;
            at += STEP;
        }
        for (at, &byte) in line.iter().enumerate().skip(at) {
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

    /// Goes on by some bytes.
    pub(super) fn step(&self, from: StateID, bytes: &[u8; STEP]) -> Step {
        let mut step = Step { bytes: *bytes, alike: true, from: Some(from), to: None, end: None };
        let mut state = from;
        for (at, &byte) in (0..).zip(bytes) {
            let before = state;
            state = self.dfa.next_state(before, byte);
            let alike = |digit| self.dfa.next_state(before, digit) == state;
            step.alike &= !byte.is_ascii_digit() || (b'0'..=b'9').all(alike);
            if self.dfa.is_special_state(state) {
                if self.dfa.is_match_state(state) {
                    step.end = Some(at);
                } else if self.dfa.is_dead_state(state) {
                    return step;
                }
            }
        }
        step.to = Some(state);
        step
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
fn widen(hir: &Hir) -> Hir {
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
        let set = PatternSet::new(patterns.iter().map(|pattern| hir(pattern)).collect(), &[]).unwrap();
        let mut memo = Memo::default();
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
            let may = set.may_match_anchored(line.as_bytes(), &mut memo)
                || set.may_match_unanchored(line.as_bytes());
            let exact = set.matches_exactly(line);
            assert!(may || !exact, "{line}");
            if line.is_ascii() {
                assert_eq!(may, exact, "{line}");
            }
        }
    }

    #[test]
    fn what_is_remembered_of_other_digits_is_right_for_these() {
        // Some digits are alike here, others are not.
        for pattern in
            [r"^\[t \d{4}-\d\d\] ", r"^\[t 202[67]-\d\d\] ", r"^\[t \d+-(?:0\d|1[0-2])\] ?", r"^\[t 2026"]
        {
            let prefix = Prefix::new(hir(pattern)).unwrap();
            let set = PatternSet::new(vec![hir(pattern)], &[]).unwrap();
            let (mut kept, mut of_set) = (Memo::default(), Memo::default());
            for number in 0..5000 {
                let line = format!("[t {}-{:02}] more", 2020 + number * 7 % 13, number * 31 % 17);
                let line = &line.as_bytes()[..line.len() - number % 7];
                let mut fresh = Memo::default();
                assert_eq!(prefix.end(line, &mut kept), prefix.end(line, &mut fresh), "{pattern} {number}");
                let mut fresh = Memo::default();
                let expected = set.may_match_anchored(line, &mut fresh);
                assert_eq!(set.may_match_anchored(line, &mut of_set), expected, "{pattern} {number}");
            }
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
