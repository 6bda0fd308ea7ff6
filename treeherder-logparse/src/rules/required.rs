//! Which literal texts a pattern cannot match without.
//!
//! The engine looks at a line only when the prefilter finds such a text in it, so every match of a pattern must
//! contain at least one of them.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::scan::rarity;

/// Literals shorter than this are no use to the prefilter.
pub(super) const MIN_LITERAL: usize = 3;

/// Sets larger than this are not worth their candidates. Three letters in any case fit, also `s` and `k` with three forms each.
const MAX_SET: usize = 32;
/// Literals are cut to this many bytes: longer ones find nothing more.
const MAX_LITERAL: usize = 48;

pub(super) type Set = Vec<Vec<u8>>;

/// What is known about the matches of one expression.
struct Known {
    /// All the texts it matches, when they are few.
    exact: Option<Set>,
    /// Texts of which every match contains at least one.
    required: Option<Set>,
}

impl Known {
    const NOTHING: Self = Self { exact: None, required: None };
}

/// Returns texts of which every match of `hir` contains at least one, the rarest that can be had.
pub(super) fn required_literals(hir: &Hir) -> Option<Set> {
    required_literals_beside(hir, &[])
}

/// As [`required_literals`], to be looked for in lines that contain one of `present`: such a text says nothing there.
pub(super) fn required_literals_beside(hir: &Hir, present: &[Vec<u8>]) -> Option<Set> {
    let search = Search { present };
    let mut set = search.best(search.known(hir))?;
    for literal in &mut set {
        literal.truncate(MAX_LITERAL);
    }
    // A text that contains another of the set is found when that other is.
    let all = set.clone();
    set.retain(|literal| !all.iter().any(|other| other.len() < literal.len() && contains(literal, other)));
    set.sort();
    set.dedup();
    Some(set)
}

/// Returns all the texts that an expression matches, when they are few.
pub(super) fn exact_texts(hir: &Hir) -> Option<Set> {
    Search { present: &[] }.known(hir).exact
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn usable(set: &Set) -> bool {
    !set.is_empty() && set.iter().all(|literal| literal.len() >= MIN_LITERAL)
}

/// Cost of a text that every line in question contains: more than any number of others.
const ALWAYS: f64 = 1000.0;

/// Looks for the best set of texts.
#[derive(Clone, Copy)]
struct Search<'a> {
    /// Texts of which each line that is looked at contains one.
    present: &'a [Vec<u8>],
}

impl Search<'_> {
    /// The best set that every match contains one of.
    fn best(self, known: Known) -> Option<Set> {
        match (known.exact.filter(usable), known.required) {
            (Some(exact), Some(required)) => Some(self.better(exact, required)),
            (one, other) => one.or(other),
        }
    }

    /// Expected number of candidates that a set costs.
    fn cost(self, set: &Set) -> f64 {
        let cost = |literal: &Vec<u8>| {
            if self.present.iter().any(|text| contains(literal, text)) {
                return ALWAYS;
            }
            literal.windows(MIN_LITERAL).map(rarity).fold(f64::MAX, f64::min)
        };
        set.iter().map(cost).sum()
    }

    fn better(self, one: Set, other: Set) -> Set {
        if self.cost(&other) < self.cost(&one) { other } else { one }
    }

    fn choose(self, best: &mut Option<Set>, candidate: Option<Set>) {
        let Some(candidate) = candidate.filter(usable) else { return };
        *best = Some(match best.take() {
            Some(best) => self.better(best, candidate),
            None => candidate,
        });
    }

    fn known(self, hir: &Hir) -> Known {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Known { exact: Some(vec![Vec::new()]), required: None },
            HirKind::Literal(literal) => Known { exact: Some(vec![literal.0.to_vec()]), required: None },
            HirKind::Class(class) => Known { exact: small_class(class), required: None },
            HirKind::Capture(capture) => self.known(&capture.sub),
            HirKind::Repetition(repetition) => {
                let sub = self.known(&repetition.sub);
                match (repetition.min, repetition.max) {
                    (1, Some(1)) => sub,
                    (0, Some(1)) => Known {
                        exact: sub.exact.map(|mut set| {
                            set.push(Vec::new());
                            set
                        }),
                        required: None,
                    },
                    (0, _) => Known::NOTHING,
                    _ => Known { exact: None, required: self.best(sub) },
                }
            }
            HirKind::Concat(parts) => self.concat(parts),
            HirKind::Alternation(parts) => self.alternation(parts),
        }
    }

    fn concat(self, parts: &[Hir]) -> Known {
        let mut best = None;
        let mut all_exact = true;
        // The texts that the parts since the last inexact one match.
        let mut run: Set = vec![Vec::new()];
        for part in parts {
            let part = self.known(part);
            match part.exact {
                Some(exact) if run.len() * exact.len() <= MAX_SET => {
                    run = product(&run, &exact);
                }
                exact => {
                    all_exact = false;
                    self.choose(
                        &mut best,
                        Some(std::mem::replace(&mut run, exact.unwrap_or_else(|| vec![Vec::new()]))),
                    );
                    self.choose(&mut best, part.required);
                }
            }
        }
        if all_exact {
            return Known { exact: Some(run), required: best };
        }
        self.choose(&mut best, Some(run));
        Known { exact: None, required: best.or_else(|| self.later_run(parts)) }
    }

    /// Finds texts where a part of many forms came at the wrong place, as in `(?i)kiss`: tries runs from each part on.
    fn later_run(self, parts: &[Hir]) -> Option<Set> {
        let mut best = None;
        for start in 1..parts.len() {
            let mut run: Set = vec![Vec::new()];
            for part in parts[start..].iter().take(MAX_LITERAL) {
                let Some(exact) = self.known(part).exact.filter(|exact| run.len() * exact.len() <= MAX_SET)
                else {
                    break;
                };
                run = product(&run, &exact);
            }
            self.choose(&mut best, Some(run));
        }
        best
    }

    fn alternation(self, parts: &[Hir]) -> Known {
        let mut exact = Some(Set::new());
        let mut required = Some(Set::new());
        for part in parts {
            let part = self.known(part);
            exact = exact.zip(part.exact.clone()).map(|(all, more)| [all, more].concat());
            required = required.zip(self.best(part)).map(|(all, more)| [all, more].concat());
        }
        Known {
            exact: exact.filter(|set| set.len() <= MAX_SET),
            required: required.filter(|set| set.len() <= 4 * MAX_SET),
        }
    }
}

fn small_class(class: &Class) -> Option<Set> {
    let mut set = Vec::new();
    match class {
        Class::Unicode(class) => {
            for range in class.ranges() {
                for character in range.start()..=range.end() {
                    set.push(character.to_string().into_bytes());
                    if set.len() > 4 {
                        return None;
                    }
                }
            }
        }
        Class::Bytes(class) => {
            for range in class.ranges() {
                for byte in range.start()..=range.end() {
                    set.push(vec![byte]);
                    if set.len() > 4 {
                        return None;
                    }
                }
            }
        }
    }
    Some(set)
}

/// Puts each text of `tails` behind each of `heads`.
pub(super) fn product(heads: &Set, tails: &Set) -> Set {
    heads.iter().flat_map(|head| tails.iter().map(move |tail| [head.as_slice(), tail].concat())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required(pattern: &str) -> Option<Vec<String>> {
        let hir = regex_syntax::parse(pattern).unwrap();
        required_literals(&hir)
            .map(|set| set.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect())
    }

    #[test]
    fn finds_what_every_match_contains() {
        for (pattern, expected) in [
            (r"^g?make(?:\[\d+\])?: \*\*\*", vec![": ***"]),
            (r"^\d+:\d+ +(?:ERROR|FATAL) - ", vec!["ERROR - ", "FATAL - "]),
            (r"ERROR [45]\d\d:", vec!["ERROR 4", "ERROR 5"]),
            (r"^[A-Za-z.]+Error: ", vec!["Error: "]),
            (r"(?:abc)+x", vec!["abc"]),
            (r"(?:abc|abcd)x{2}", vec!["abc"]),
            (r"colou?r: ", vec!["color: ", "colour: "]),
        ] {
            assert_eq!(required(pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn prefers_what_tells_lines_apart() {
        let hir = regex_syntax::parse("(?:Gecko|Runner).*FAIL-").unwrap();
        let present = [b"FAIL-".to_vec()];
        assert_eq!(required_literals(&hir).unwrap(), [b"FAIL-"]);
        assert_eq!(
            required_literals_beside(&hir, &present).unwrap(),
            [b"Gecko".to_vec(), b"Runner".to_vec()]
        );
        // Better than nothing.
        let hir = regex_syntax::parse("xFAIL-$").unwrap();
        assert_eq!(required_literals_beside(&hir, &present).unwrap(), [b"xFAIL-"]);
    }

    #[test]
    fn says_so_when_there_is_nothing() {
        for pattern in [r"\d+", r"(?:abc)?", r"ab", r"a.b.c", r"(?:abc|\d)"] {
            assert_eq!(required(pattern), None, "{pattern}");
        }
    }
}
