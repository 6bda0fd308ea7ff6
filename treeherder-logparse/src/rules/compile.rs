//! A ruleset compiled: the literals that the prefilter looks for, and what to check on a line that has one.

use memchr::memmem;
use regex_syntax::hir::Hir;

use super::{
    RulesError, Ruleset, StageRules, StripRule, check,
    memo::Memo,
    model::RuleMatcher,
    near::{ByteSet, line_ends},
    pattern::{PatternSet, Prefix, is_anchored, is_exact_on_ascii},
    required::{MIN_LITERAL, required_literals, required_literals_beside},
    uses::{ExcludeFilter, ExcludeLiterals, Literals, MAX_STAGES, Uses},
};
use crate::{
    line::trim_end,
    scan::{BUCKETS, Prefilter, Probe, Simd},
};

/// More strips than this don't fit the engine's bit sets.
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
    /// What each of the prefilter's literals is there for.
    pub(crate) uses: Uses,
    pub(crate) prefilter: Prefilter,
    /// Finds exclude rules, within a line that is about to be reported.
    pub(crate) excludes: ExcludeFilter,
    /// Finds performance data alone: all that matters once no failure line will be reported any more.
    pub(crate) performance_prefilter: Prefilter,
    /// Finds the text that spares a line the cut.
    pub(crate) uncut_marker: memmem::Finder<'static>,
    /// Whether a line of ASCII is decided by the byte automata alone.
    pub(crate) exact_on_ascii: bool,
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
    /// Of what each stage skips.
    pub(crate) skips: Vec<Memo>,
}

impl Memos {
    pub(crate) fn new(compiled: &Compiled) -> Self {
        Self {
            strips: vec![Default::default(); compiled.strips.len()],
            skips: vec![Memo::default(); compiled.stages.len()],
        }
    }
}

/// The part of a line that a stage's rules look at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View {
    pub(crate) start: usize,
    pub(crate) end: usize,
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
        let mut exclude_literals = ExcludeLiterals::default();
        let mut exact_on_ascii = true;
        let mut stages = Vec::new();
        for (number, stage) in ruleset.stages.iter().enumerate() {
            let stage = Stage::new(stage, number, &mut literals, &mut exclude_literals)?;
            exact_on_ascii &= stage.exclude.is_exact_on_ascii() && stage.failure.is_exact_on_ascii();
            stages.push(stage);
        }
        let strips = ruleset.strip.iter().map(Strip::new).collect::<Result<Vec<_>, _>>()?;
        for seen in strips.iter().filter_map(|strip| strip.once_seen.as_ref()) {
            literals.add_idle(seen);
        }
        if literals.texts.len().max(exclude_literals.literals.texts.len()) > MAX_LITERALS {
            return Err(RulesError::syntax(
                None,
                format!("a ruleset has at most {MAX_LITERALS} texts to look for"),
            ));
        }
        let mut markers = Literals::default();
        if ruleset.performance {
            for marker in PERFORMANCE_MARKERS {
                literals.add_performance_marker(marker);
                markers.add_performance_marker(marker);
            }
        }
        let probes = probes(&ruleset.probes)?;
        let before = strips.iter().fold(line_ends(), |before, strip| before.or(strip.last_bytes()));
        let starts: Vec<_> = stages.iter().map(|stage| before.or(stage.last_skipped_bytes())).collect();
        literals.find_near(&starts);
        let (literals, uses) = literals.into_parts();
        let (markers, _) = markers.into_parts();
        let prefilter = Prefilter::new(literals, &probes, simd);
        let excludes = ExcludeFilter::new(exclude_literals, simd);
        let performance_prefilter = Prefilter::new(markers, &[], simd);
        Ok(Self {
            name: ruleset.name.clone(),
            max_line_chars: ruleset.max_line_chars,
            max_failure_lines: ruleset.max_failure_lines,
            performance: ruleset.performance,
            strips,
            stages,
            uses,
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

    #[inline]
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

    /// Returns the bytes with which the prefix may end.
    fn last_bytes(&self) -> ByteSet {
        if self.exact_only { ByteSet::ALL } else { self.prefix.last_bytes() }
    }

    fn end_exactly(&self, line: &str) -> usize {
        let kept = self.unless.as_ref().is_some_and(|unless| unless.end_exactly(line) > 0);
        if kept { 0 } else { self.prefix.end_exactly(line) }
    }
}

impl Stage {
    fn new(
        rules: &StageRules,
        number: usize,
        literals: &mut Literals,
        excluding: &mut ExcludeLiterals,
    ) -> Result<Self, RulesError> {
        let mut failure = Vec::new();
        let mut failure_texts = Vec::new();
        // Where all patterns have shapes, their automata are hardly ever asked.
        let mut failures_shaped = true;
        for rule in &rules.failure {
            match &rule.matcher {
                RuleMatcher::Text(text) => {
                    check_text(text, rule.line)?;
                    literals.add_text(text.as_bytes(), number);
                    failure_texts.push(text.as_str());
                }
                RuleMatcher::Pattern(pattern) => {
                    let hir = parse_before_decoding(pattern, rule.line)?;
                    failures_shaped &=
                        literals.add_pattern(&hir, &required(&hir, rule.line, pattern)?, number);
                    failure.push(hir);
                }
            }
        }
        let mut exclude = Vec::new();
        let mut excludes_shaped = true;
        for rule in &rules.exclude {
            let hir = match &rule.matcher {
                RuleMatcher::Text(text) => {
                    check::refuse_replacement_text(text)
                        .map_err(|error| RulesError::rule(rule.line, text, error))?;
                    Hir::literal(text.as_bytes())
                }
                RuleMatcher::Pattern(pattern) => parse_before_decoding(pattern, rule.line)?,
            };
            match required_literals_beside(&hir, &literals.texts) {
                Some(required) => {
                    excludes_shaped &= excluding.literals.add_pattern(&hir, &required, number);
                }
                None => {
                    excludes_shaped = false;
                    let always = if is_anchored(&hir) {
                        &mut excluding.always_anchored
                    } else {
                        &mut excluding.always_unanchored
                    };
                    *always |= 1 << number;
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
            exclude: PatternSet::new(exclude, &[], excludes_shaped).map_err(too_large)?,
            failure: PatternSet::new(failure, &failure_texts, failures_shaped).map_err(too_large)?,
        })
    }

    /// Returns what the stage's rules look at in `line[start..]`; `None` when only the exact rules can tell.
    #[inline]
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

    /// Returns the bytes with which the prefix that is skipped may end.
    fn last_skipped_bytes(&self) -> ByteSet {
        match &self.skip {
            Some(_) if self.exact_only => ByteSet::ALL,
            Some(skip) => skip.last_bytes(),
            None => ByteSet::default(),
        }
    }

    fn view_exactly<'a>(&self, line: &'a str) -> &'a str {
        let View { start, end } = self.view_of_text(line);
        &line[start..end]
    }

    /// As [`view`](Self::view), by the rules of Unicode.
    pub(crate) fn view_of_text(&self, line: &str) -> View {
        let start = self.skip.as_ref().map_or(0, |skip| skip.end_exactly(line));
        let end = if self.trim { start + trim_end(&line.as_bytes()[start..]) } else { line.len() };
        View { start, end }
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

/// Returns literals of which every match of a failure pattern contains one.
fn required(hir: &Hir, line: Option<usize>, pattern: &str) -> Result<Vec<Vec<u8>>, RulesError> {
    let required = required_literals(hir).ok_or_else(|| {
        RulesError::rule(
            line,
            pattern,
            format!(
                "needs a piece of literal text, at least {MIN_LITERAL} bytes long, that every match contains"
            ),
        )
    })?;
    if required.iter().any(|literal| literal.contains(&b'\n') || literal.contains(&b'\r')) {
        return Err(RulesError::rule(line, pattern, "a pattern lies within one line"));
    }
    Ok(required)
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
        let skip = "name = \"x\"\n\n\nskip = '(^a'\n[[failure]]\ntext = \"abc\"\n";
        let error = Rules::compile(&Ruleset::from_toml(skip).unwrap()).unwrap_err();
        assert_eq!(error.line(), Some(4), "{error}");
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
