//! What is around a literal that was found, checked from the literal outwards.
//!
//! The search has found a text that a pattern requires. Where the pattern says what comes before that text and what comes
//! behind it, only these two need a look, and most lines are refused at the first byte.

use regex_syntax::hir::{Hir, HirKind, Look, LookSet};

use super::{
    near::{ByteSet, Near, first_bytes},
    pattern::{is_anchored, reverse, widen},
    required::{exact_texts, product},
    walk::Walk,
};
use crate::scan::is_ascii;

/// A pattern as what comes before and behind each of its literals.
#[derive(Debug)]
pub(crate) struct Shape {
    before: Before,
    after: Option<Walk>,
    /// The pattern begins where the line does.
    pub(super) anchored: bool,
}

#[derive(Debug)]
enum Before {
    Anything,
    /// The start of the line.
    Start,
    /// What this reads backwards, anything before it.
    Walk(Walk),
    /// What this reads backwards, up to the start of the line.
    WalkToStart(Walk),
}

/// What a shape says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// If characters beyond ASCII are what the pattern wants there: the widened pattern matches.
    Maybe,
    /// It took too long.
    Unsure,
}

impl Shape {
    /// Finds the shape of a pattern around these literals, of which each match contains one; `None` when it has none.
    pub(super) fn new(pattern: &Hir, literals: &[Vec<u8>]) -> Option<Self> {
        let parts = match pattern.kind() {
            HirKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(pattern),
        };
        let anchored = is_anchored(pattern);
        let parts = match parts {
            [first, rest @ ..] if *first.kind() == HirKind::Look(Look::Start) => rest,
            _ if anchored => return None,
            parts => parts,
        };
        let looks = |parts: &[Hir]| {
            parts.iter().fold(LookSet::empty(), |looks, part| looks.union(part.properties().look_set()))
        };
        for begin in 0..parts.len() {
            let mut texts = vec![Vec::new()];
            for (end, part) in (begin + 1..).zip(&parts[begin..]) {
                // A set that grows beyond the literals' won't become theirs.
                let Some(more) = exact_texts(part).filter(|more| texts.len() * more.len() <= 64) else {
                    break;
                };
                texts = product(&texts, &more);
                let mut sorted = texts.clone();
                sorted.sort();
                sorted.dedup();
                if sorted != literals {
                    continue;
                }
                let (before, after) = (&parts[..begin], &parts[end..]);
                let end_alone = LookSet::singleton(Look::End);
                if !looks(&parts[..end]).is_empty() || !looks(after).subtract(end_alone).is_empty() {
                    return None;
                }
                let before = match before {
                    [] if anchored => Before::Start,
                    [] => Before::Anything,
                    parts => {
                        let walk = walk(parts.iter().rev().map(|part| reverse(&widen(part))).collect())?;
                        if anchored { Before::WalkToStart(walk) } else { Before::Walk(walk) }
                    }
                };
                let after = match after {
                    [] => None,
                    parts => Some(walk(parts.iter().map(widen).collect())?),
                };
                return Some(Self { before, after, anchored });
            }
        }
        None
    }

    /// Returns the bytes that may stand next to the literals, where `starts` are those behind which what the rules look at
    /// may begin.
    pub(super) fn near(&self, starts: ByteSet) -> Near {
        Near {
            before: match &self.before {
                Before::Anything => ByteSet::ALL,
                Before::Start => starts,
                Before::Walk(walk) => first_bytes(walk, ByteSet::ALL),
                Before::WalkToStart(walk) => first_bytes(walk, starts),
            },
            behind: self.after.as_ref().map_or(ByteSet::ALL, |walk| first_bytes(walk, ByteSet::ALL)),
        }
    }

    /// Tells whether the pattern matches `line` with its literal at `literal`.
    ///
    /// `steps` is how many bytes may still be gone over: many literals in one long line must not make it slow.
    #[inline]
    pub(crate) fn check(&self, line: &[u8], literal: std::ops::Range<usize>, steps: &mut usize) -> Answer {
        let before = &line[..literal.start];
        let answer = match &self.before {
            Before::Anything => Answer::Yes,
            Before::Start if before.is_empty() => Answer::Yes,
            Before::Start => Answer::No,
            Before::Walk(walk) => ask::<true>(walk, before, false, steps),
            Before::WalkToStart(walk) => ask::<true>(walk, before, true, steps),
        };
        let Some(walk) = self.after.as_ref().filter(|_| answer != Answer::No) else { return answer };
        let after = &line[literal.end..];
        match ask::<false>(walk, after, false, steps) {
            Answer::Yes => answer,
            Answer::Maybe if answer == Answer::Unsure => answer,
            other => other,
        }
    }
}

/// Asks a walk over `bytes`, or over them backwards, whether it ends somewhere, or just at their end.
#[inline(always)]
fn ask<const BACKWARDS: bool>(walk: &Walk, bytes: &[u8], whole: bool, steps: &mut usize) -> Answer {
    if *steps == 0 {
        return Answer::Unsure;
    }
    let len = bytes.len();
    let mut found = false;
    let stop = walk.run(
        len,
        |at| bytes[if BACKWARDS { len - 1 - at } else { at }],
        |at| {
            found |= !whole || at == len;
            found
        },
    );
    *steps = steps.saturating_sub(stop);
    // A walk takes any bytes beyond ASCII for characters that a pattern wants, if it wants any.
    let seen = if BACKWARDS { &bytes[len - stop..] } else { &bytes[..stop] };
    match found {
        true if is_ascii(seen) => Answer::Yes,
        true => Answer::Maybe,
        false => Answer::No,
    }
}

fn walk(parts: Vec<Hir>) -> Option<Walk> {
    super::pattern::ByteDfa::of_all_matches(&Hir::concat(parts))?.walk()
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;

    use super::{super::required::required_literals, *};

    /// Asks the shape at every place where one of its literals stands.
    fn answers(pattern: &str, line: &str, steps: usize) -> Vec<Answer> {
        let hir = regex_syntax::parse(pattern).unwrap();
        let literals = required_literals(&hir).unwrap();
        let shape = Shape::new(&hir, &literals).unwrap_or_else(|| panic!("{pattern} has no shape"));
        let mut steps = steps;
        let mut answers = Vec::new();
        for literal in &literals {
            for start in 0..line.len() {
                if line.as_bytes()[start..].starts_with(literal) {
                    answers.push(shape.check(line.as_bytes(), start..start + literal.len(), &mut steps));
                }
            }
        }
        answers
    }

    #[test]
    fn shapes_say_what_the_patterns_say() {
        let patterns = [
            r"^g?make(?:\[\d+\])?: \*\*\*",
            r"^[A-Za-z.]+Error: ",
            r"^[A-Za-z.]*Exception: ",
            r"^abort:",
            r"^\[[\p{L}\p{N}_.-]+:(?:error|exception)\]",
            r" error\(\d*\):",
            r":\d+: error:",
            r" error R?C\d*:",
            r"ERROR [45]\d\d:",
            r"\d+(?:ab|abc){2}: x$",
            r"^a*foo.*bar$",
            r"x?(?:foo|bar)*: err \w",
        ];
        let texts = [
            "make: ***",
            "gmake[12]: ***",
            "make[\u{663}]: ***",
            "xmake: ***",
            "fooError: ",
            "a1Error: ",
            "Error: ",
            "Exception: ",
            "x.Exception: ",
            "abort:",
            "[a-b:error]",
            "[\u{e4}:exception]",
            "[a b:error]",
            " error(1):",
            " error():",
            " error(x):",
            " error(\u{663}):",
            ":1: error:",
            ":x: error:",
            ":\u{663}: error:",
            " error C1:",
            " error RC:",
            " error C\u{661}:",
            "ERROR 404:",
            "ERROR 4\u{660}4:",
            "ERROR 44:",
            "1ababc: x",
            "1ab: x",
            "aafoo-bar",
            "afoo\u{e9}bar",
            "bfoobar",
            "foobar: err e",
            "foobar: err \u{e9}",
            "barfoo: err  ",
        ];
        let fillers = ["", " ", "a", "\u{e9}", "1"];
        let (mut sure, mut unsure) = (0, 0);
        for pattern in patterns {
            let regex = Regex::new(pattern).unwrap();
            for text in texts {
                for (before, behind) in fillers.iter().flat_map(|a| fillers.iter().map(move |b| (a, b))) {
                    for line in [format!("{before}{text}{behind}"), format!("{text}{before}{text}{behind}")] {
                        let answers = answers(pattern, &line, 10_000);
                        let expected = regex.is_match(&line);
                        if answers.contains(&Answer::Yes) {
                            assert!(expected, "{pattern} does not match {line:?}");
                            sure += 1;
                        } else if answers.contains(&Answer::Maybe) {
                            assert!(!line.is_ascii(), "{pattern} is sure about {line:?}");
                            unsure += 1;
                        } else {
                            assert!(!expected, "{pattern} matches {line:?}");
                        }
                    }
                }
            }
        }
        assert!(sure > 500 && unsure > 50, "{sure} {unsure}");
    }

    #[test]
    fn a_line_that_used_up_its_steps_is_unsure() {
        let line = "aaaa foo1111".repeat(3);
        assert_eq!(answers(r"a* foo\d*x", &line, 10_000), [Answer::No; 3]);
        assert_eq!(answers(r"a* foo\d*x", &line, 8), [Answer::No, Answer::No, Answer::Unsure]);
    }

    #[test]
    fn what_depends_on_more_than_the_line_has_no_shape() {
        for pattern in [r"\bfoo bar", r"foo bar\b", r"(?:^a|b)foo bar", r"(?:foo \d|bar \d)"] {
            let hir = regex_syntax::parse(pattern).unwrap();
            assert!(Shape::new(&hir, &required_literals(&hir).unwrap()).is_none(), "{pattern}");
        }
    }
}
