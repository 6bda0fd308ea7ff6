//! A ruleset compiled: the literals that the prefilter looks for, and what to check on a line that has one.

use std::ops::Range;

use memchr::memmem;
use regex_syntax::hir::Hir;

use super::{
    RulesError, Ruleset, StageRules, StripRule, check,
    memo::Memo,
    model::{Rule, RuleMatcher},
    pattern::{PatternSet, Prefix, is_anchored, is_exact_on_ascii},
    required::{MIN_LITERAL, required_literals, required_literals_beside},
};
use crate::{
    line::trim_end,
    scan::{BUCKETS, Literal, Prefilter, Probe, Simd},
};

/// More stages than this don't fit the engine's bit sets.
const MAX_STAGES: usize = 8;
/// More strips than this don't either.
const MAX_STRIPS: usize = 32;
/// Longer texts are refused, and more literals in all: the prefilter keeps places and ids in 16 bits.
const MAX_TEXT: usize = 1000;
const MAX_LITERALS: usize = 10_000;
/// What performance data is announced by (`spec/ingest.md` §5.6; some producers say `PERFORMANCE_DATA`).
pub(crate) const PERFORMANCE_MARKERS: [&[u8]; 2] = [b"PERFHERDER_DATA:", b"PERFORMANCE_DATA:"];
/// Text that spares a line the cut (`spec/ingest.md` §5.4).
const UNCUT_MARKER: &[u8] = b"PERFHERDER_DATA";

/// A ruleset in the form that the engine runs.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) name: String,
    pub(crate) max_line_chars: Option<usize>,
    pub(crate) max_failure_lines: Option<usize>,
    pub(crate) performance: bool,
    pub(crate) strips: Vec<Strip>,
    pub(crate) stages: Vec<Stage>,
    /// What each of the prefilter's literals is there for, by literal id.
    pub(crate) uses: Vec<LiteralUse>,
    pub(crate) prefilter: Prefilter,
    /// Finds the literals of unanchored exclude rules, within a line that is about to be reported.
    pub(crate) excludes: ExcludeFilter,
    /// Finds performance data alone: all that matters once no failure line will be reported any more.
    pub(crate) performance_prefilter: Prefilter,
    /// Finds the text that spares a line the cut.
    pub(crate) uncut_marker: memmem::Finder<'static>,
    /// Whether a line of ASCII is decided by the byte automata alone.
    pub(crate) exact_on_ascii: bool,
}

/// What a literal is there for; one text can serve several rules.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LiteralUse {
    /// Stages (bit set) in which the text alone makes a failure line.
    pub(crate) text: u8,
    /// Stages in which an anchored failure pattern requires it.
    pub(crate) anchored: u8,
    /// Stages in which an unanchored failure pattern requires it.
    pub(crate) unanchored: u8,
    /// It marks performance data.
    pub(crate) performance: bool,
}

/// Tells which stages' unanchored exclude rules may match a line: all but those whose literals are absent.
#[derive(Debug)]
pub(crate) struct ExcludeFilter {
    prefilter: Prefilter,
    /// Stages (bit set) that need each literal, by literal id.
    stages: Vec<u8>,
    /// Stages with a rule that has no literal to look for.
    always: u8,
}

impl ExcludeFilter {
    /// Returns the stages (bit set) whose unanchored exclude rules may match `text[line]`.
    #[inline]
    pub(crate) fn stages(&self, text: &[u8], line: Range<usize>) -> u8 {
        let mut stages = self.always;
        self.prefilter.find_in(text, line, |literal| stages |= self.stages[literal]);
        stages
    }
}

/// A compiled [`StripRule`].
#[derive(Debug)]
pub(crate) struct Strip {
    prefix: Prefix,
    unless: Option<Prefix>,
    /// Only the exact rules can tell where the prefix ends.
    exact_only: bool,
    pub(crate) once_seen: Option<Vec<u8>>,
}

/// A compiled stage.
#[derive(Debug)]
pub(crate) struct Stage {
    skip: Option<Prefix>,
    /// Only the exact rules can tell where `skip` ends.
    exact_only: bool,
    trim: bool,
    pub(crate) exclude: PatternSet,
    pub(crate) failure: PatternSet,
}

/// What one parser remembers of how lines have begun.
#[derive(Debug)]
pub(crate) struct Memos {
    /// Of each strip: its pattern and its `unless`.
    strips: Vec<[Memo; 2]>,
    pub(crate) stages: Vec<StageMemos>,
}

/// What one parser remembers of the anchored patterns of a stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageMemos {
    pub(crate) skip: Memo,
    pub(crate) failure: Memo,
    pub(crate) exclude: Memo,
}

impl Memos {
    pub(crate) fn new(compiled: &Compiled) -> Self {
        Self {
            strips: vec![Default::default(); compiled.strips.len()],
            stages: vec![StageMemos::default(); compiled.stages.len()],
        }
    }
}

/// The part of a line that a stage's rules look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Collects the literals of all rules.
#[derive(Default)]
struct Literals {
    texts: Vec<Vec<u8>>,
    uses: Vec<LiteralUse>,
}

impl Literals {
    fn add(&mut self, text: &[u8]) -> &mut LiteralUse {
        let id = self.texts.iter().position(|known| known == text).unwrap_or_else(|| {
            self.texts.push(text.to_vec());
            self.uses.push(LiteralUse::default());
            self.texts.len() - 1
        });
        &mut self.uses[id]
    }
}

impl Compiled {
    pub(super) fn new(ruleset: &Ruleset, simd: Simd) -> Result<Self, RulesError> {
        if ruleset.stages.len() > MAX_STAGES {
            let line = ruleset.stages.get(MAX_STAGES).and_then(|stage| stage.line);
            return Err(RulesError::syntax(line, format!("a ruleset has at most {MAX_STAGES} stages")));
        }
        if let Some(strip) = ruleset.strip.get(MAX_STRIPS) {
            return Err(RulesError::syntax(strip.line, format!("a ruleset has at most {MAX_STRIPS} strips")));
        }
        let mut literals = Literals::default();
        let mut exclude_literals = Literals::default();
        let mut always = 0;
        let mut exact_on_ascii = true;
        let mut stages = Vec::new();
        for (number, stage) in ruleset.stages.iter().enumerate() {
            let bit = 1 << number;
            let stage = Stage::new(stage, bit, &mut literals, &mut exclude_literals, &mut always)?;
            exact_on_ascii &= stage.exclude.is_exact_on_ascii() && stage.failure.is_exact_on_ascii();
            stages.push(stage);
        }
        let strips = ruleset.strip.iter().map(Strip::new).collect::<Result<Vec<_>, _>>()?;
        for seen in strips.iter().filter_map(|strip| strip.once_seen.as_ref()) {
            // No use: the hit alone makes the engine look at the line.
            literals.add(seen);
        }
        if literals.texts.len() > MAX_LITERALS {
            return Err(RulesError::syntax(
                None,
                format!("a ruleset has at most {MAX_LITERALS} texts to look for"),
            ));
        }
        let mut markers = Literals::default();
        if ruleset.performance {
            for marker in PERFORMANCE_MARKERS {
                literals.add(marker).performance = true;
                markers.add(marker).performance = true;
            }
        }
        let probes = probes(&ruleset.probes)?;
        let prefilter = Prefilter::new(literals.texts.into_iter().map(Literal::new).collect(), &probes, simd);
        let excludes = ExcludeFilter {
            prefilter: Prefilter::new(
                exclude_literals.texts.into_iter().map(Literal::new).collect(),
                &[],
                simd,
            ),
            stages: exclude_literals.uses.into_iter().map(|used| used.unanchored).collect(),
            always,
        };
        let performance_prefilter =
            Prefilter::new(markers.texts.into_iter().map(Literal::new).collect(), &[], simd);
        Ok(Self {
            name: ruleset.name.clone(),
            max_line_chars: ruleset.max_line_chars,
            max_failure_lines: ruleset.max_failure_lines,
            performance: ruleset.performance,
            strips,
            stages,
            uses: literals.uses,
            prefilter,
            excludes,
            performance_prefilter,
            uncut_marker: memmem::Finder::new(UNCUT_MARKER),
            exact_on_ascii,
        })
    }

    /// Decides a line by the exact rules, from the start; `line` is cut and stripped already.
    pub(crate) fn is_failure(&self, line: &str) -> bool {
        for stage in &self.stages {
            let view = stage.view_exactly(line);
            if stage.exclude.matches_exactly(view) {
                return false;
            }
            if stage.failure.matches_exactly(view) {
                return true;
            }
        }
        false
    }

    /// Returns where the line begins for the rules, when the strips of `active` (bit set) apply; `None` when only the
    /// exact rules can tell.
    pub(crate) fn strip(&self, line: &[u8], active: u32, memos: &mut Memos) -> Option<usize> {
        let mut start = 0;
        for (number, (strip, memo)) in self.strips.iter().zip(&mut memos.strips).enumerate() {
            if active & (1 << number) != 0 {
                start += strip.end(&line[start..], memo)?;
            }
        }
        Some(start)
    }

    /// As [`strip`](Self::strip), by the rules of Unicode.
    pub(crate) fn strip_exactly(&self, line: &str, active: u32) -> usize {
        let mut start = 0;
        for (number, strip) in self.strips.iter().enumerate() {
            if active & (1 << number) != 0 {
                start += strip.end_exactly(&line[start..]);
            }
        }
        start
    }
}

impl Strip {
    fn new(rule: &StripRule) -> Result<Self, RulesError> {
        let mut exact_only = false;
        let mut prefix = |pattern: &str| {
            let hir = parse_before_decoding(pattern, rule.line)?;
            exact_only |= !is_exact_on_ascii(&hir);
            Prefix::new(hir).map_err(|error| RulesError::rule(rule.line, pattern, error))
        };
        let once_seen = rule.once_seen.as_ref().map(|text| text.as_bytes().to_vec());
        if let Some(text) = &rule.once_seen {
            check_text(text, rule.line)?;
        }
        if let Some(unless) = &rule.unless
            && parse(unless, rule.line)?.properties().minimum_len() == Some(0)
        {
            return Err(RulesError::rule(rule.line, unless, "`unless` must not match an empty text"));
        }
        let unless = rule.unless.as_deref().map(&mut prefix).transpose()?;
        Ok(Self { prefix: prefix(&rule.pattern)?, unless, exact_only, once_seen })
    }

    fn end(&self, line: &[u8], memos: &mut [Memo; 2]) -> Option<usize> {
        if self.exact_only {
            return None;
        }
        let [memo, unless_memo] = memos;
        let end = self.prefix.end(line, memo)?;
        if end > 0 && self.unless.as_ref().is_some_and(|unless| unless.end(line, unless_memo) != Some(0)) {
            return if line.is_ascii() { Some(0) } else { None };
        }
        Some(end)
    }

    fn end_exactly(&self, line: &str) -> usize {
        let kept = self.unless.as_ref().is_some_and(|unless| unless.end_exactly(line) > 0);
        if kept { 0 } else { self.prefix.end_exactly(line) }
    }
}

impl Stage {
    fn new(
        rules: &StageRules,
        bit: u8,
        literals: &mut Literals,
        exclude_literals: &mut Literals,
        exclude_always: &mut u8,
    ) -> Result<Self, RulesError> {
        let mut failure = Vec::new();
        let mut failure_texts = Vec::new();
        for rule in &rules.failure {
            match &rule.matcher {
                RuleMatcher::Text(text) => {
                    check_text(text, rule.line)?;
                    literals.add(text.as_bytes()).text |= bit;
                    failure_texts.push(text.as_str());
                }
                RuleMatcher::Pattern(pattern) => {
                    let hir = parse_before_decoding(pattern, rule.line)?;
                    add_required(&hir, rule, pattern, bit, literals)?;
                    failure.push(hir);
                }
            }
        }
        let mut exclude = Vec::new();
        for rule in &rules.exclude {
            let hir = match &rule.matcher {
                RuleMatcher::Text(text) => {
                    check::refuse_replacement_text(text)
                        .map_err(|error| RulesError::rule(rule.line, text, error))?;
                    Hir::literal(text.as_bytes())
                }
                RuleMatcher::Pattern(pattern) => parse_before_decoding(pattern, rule.line)?,
            };
            if !is_anchored(&hir) {
                match required_literals_beside(&hir, &literals.texts) {
                    Some(required) => {
                        for literal in required {
                            exclude_literals.add(&literal).unanchored |= bit;
                        }
                    }
                    None => *exclude_always |= bit,
                }
            }
            exclude.push(hir);
        }
        let mut exact_only = false;
        let skip = match &rules.skip {
            Some(pattern) => {
                let hir = parse_before_decoding(pattern, rules.line)?;
                exact_only = !is_exact_on_ascii(&hir);
                Some(Prefix::new(hir).map_err(|error| RulesError::rule(rules.line, pattern, error))?)
            }
            None => None,
        };
        let too_large = |error| {
            RulesError::syntax(
                rules.line,
                format!("the patterns of this stage are too large together: {error}"),
            )
        };
        Ok(Self {
            skip,
            exact_only,
            trim: rules.trim,
            exclude: PatternSet::rarely_used(exclude).map_err(too_large)?,
            failure: PatternSet::new(failure, &failure_texts).map_err(too_large)?,
        })
    }

    /// Returns what the stage's rules look at in `line[start..]`; `None` when only the exact rules can tell.
    pub(crate) fn view(&self, line: &[u8], start: usize, memo: &mut Memo) -> Option<View> {
        if self.exact_only {
            return None;
        }
        let skipped = match &self.skip {
            Some(skip) => skip.end(&line[start..], memo)?,
            None => 0,
        };
        let start = start + skipped;
        let end = if self.trim { start + trim_end(&line[start..]) } else { line.len() };
        Some(View { start, end })
    }

    fn view_exactly<'a>(&self, line: &'a str) -> &'a str {
        let start = self.skip.as_ref().map_or(0, |skip| skip.end_exactly(line));
        let view = &line[start..];
        if self.trim { &view[..trim_end(view.as_bytes())] } else { view }
    }
}

fn parse(pattern: &str, line: Option<usize>) -> Result<Hir, RulesError> {
    check::parse(pattern).map_err(|error| RulesError::rule(line, pattern, error))
}

/// As [`parse`], for patterns that are looked for before the line is decoded.
fn parse_before_decoding(pattern: &str, line: Option<usize>) -> Result<Hir, RulesError> {
    let hir = parse(pattern, line)?;
    check::refuse_replacement(&hir).map_err(|error| RulesError::rule(line, pattern, error))?;
    Ok(hir)
}

/// Numbers the groups of hints: each probe with its bucket.
fn probes(groups: &[Vec<String>]) -> Result<Vec<Probe>, RulesError> {
    if groups.len() > BUCKETS {
        return Err(RulesError::syntax(None, format!("`probes` has at most {BUCKETS} groups")));
    }
    let mut probes = Vec::new();
    for (bucket, group) in groups.iter().enumerate() {
        for probe in group {
            let window = probe.as_bytes().try_into().map_err(|_| {
                RulesError::syntax(None, format!("probe `{probe}`: must have {MIN_LITERAL} bytes"))
            })?;
            probes.push(Probe { window, bucket });
        }
    }
    Ok(probes)
}

fn check_text(text: &str, line: Option<usize>) -> Result<(), RulesError> {
    if text.len() < MIN_LITERAL {
        return Err(RulesError::rule(line, text, format!("a text has at least {MIN_LITERAL} bytes")));
    }
    if text.len() > MAX_TEXT {
        return Err(RulesError::rule(
            line,
            &text[..text.floor_char_boundary(20)],
            format!("a text has at most {MAX_TEXT} bytes"),
        ));
    }
    if text.contains(['\n', '\r']) {
        return Err(RulesError::rule(line, text, "a text lies within one line"));
    }
    check::refuse_replacement_text(text).map_err(|error| RulesError::rule(line, text, error))
}

fn add_required(
    hir: &Hir,
    rule: &Rule,
    pattern: &str,
    bit: u8,
    literals: &mut Literals,
) -> Result<(), RulesError> {
    let required = required_literals(hir).ok_or_else(|| {
        RulesError::rule(
            rule.line,
            pattern,
            format!(
                "needs a piece of literal text, at least {MIN_LITERAL} bytes long, that every match contains"
            ),
        )
    })?;
    if required.iter().any(|literal| literal.contains(&b'\n') || literal.contains(&b'\r')) {
        return Err(RulesError::rule(rule.line, pattern, "a pattern lies within one line"));
    }
    let anchored = is_anchored(hir);
    for literal in required {
        let used = literals.add(&literal);
        if anchored { used.anchored |= bit } else { used.unanchored |= bit }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{Rule, Rules, Ruleset};

    #[test]
    fn a_rule_that_cannot_be_compiled_names_its_line() {
        for (rule, part) in [
            ("pattern = '(a'", "unclosed group"),
            ("pattern = '\\d+'", "literal text"),
            ("text = \"ab\"", "at least 3 bytes"),
            ("text = \"abc\\n\"", "within one line"),
        ] {
            let text = format!("name = \"x\"\n\n[[failure]]\n{rule}\n");
            let error = Rules::compile(&Ruleset::from_toml(&text).unwrap()).unwrap_err();
            assert_eq!(error.line(), Some(3), "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn word_boundaries_are_exact() {
        let mut ruleset = Ruleset::new("x");
        ruleset.stages[0].failure.push(Rule::pattern(r"\bfail\b"));
        let rules = Rules::compile(&ruleset).unwrap();
        for (line, expected) in [("a fail b", true), ("unfail", false), ("éfail", false), ("é fail", true)]
        {
            assert_eq!(rules.is_failure(line), expected, "{line}");
        }
    }
}
