//! The rule model: what a ruleset says, independent of how it is searched for.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{RulesError, required::MIN_LITERAL};

/// A set of rules that says which lines of a log are failure lines.
///
/// A line goes through these steps:
///
/// 1. it is cut to [`max_line_chars`](Self::max_line_chars) characters;
/// 2. each [`StripRule`] that applies removes a prefix for good;
/// 3. the stages are asked in order: a line that an `exclude` rule of the stage matches is no failure line, and no
///    later stage is asked; else a line that a `failure` rule of the stage matches is one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ruleset {
    /// Name by which people call it.
    pub name: String,
    /// One line that says what it is for.
    pub description: String,
    /// Lines are cut to this many characters before any rule looks at them; `None` for no cut.
    pub max_line_chars: Option<usize>,
    /// Default for the number of failure lines after which a parser stops reporting; `None` for no limit.
    pub max_failure_lines: Option<usize>,
    /// Whether `PERFHERDER_DATA:` lines are read as performance data.
    pub performance: bool,
    /// Hints for speed: groups (eight at most) of three-byte pieces of the rules' literals that are rare in the logs at
    /// hand. They change no result. The `tune-probes` program of the project's `benches` finds good ones.
    pub probes: Vec<Vec<String>>,
    /// Prefixes to remove.
    pub strip: Vec<StripRule>,
    /// The stages, in the order in which they are asked.
    pub stages: Vec<StageRules>,
}

/// A prefix that is removed from a line before the rules see it; it is not part of what is reported.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StripRule {
    /// Pattern, anchored at the start of the line with `^`.
    pub pattern: String,
    /// The prefix stays when this pattern (anchored with `^`) matches the line.
    #[serde(default)]
    pub unless: Option<String>,
    /// The prefix is removed from the first line on that starts with this text; always when `None`.
    #[serde(default)]
    pub once_seen: Option<String>,
    /// Line of the rule in its file, for errors.
    #[serde(skip)]
    pub line: Option<usize>,
}

/// One stage of a ruleset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageRules {
    /// Prefix (pattern, anchored with `^`) that this stage's rules don't look at; it is part of what is reported.
    pub skip: Option<String>,
    /// Whether trailing white space is removed before this stage's rules look at the line.
    pub trim: bool,
    /// Rules for lines that are no failure lines whatever the rest says.
    pub exclude: Vec<Rule>,
    /// Rules for failure lines.
    pub failure: Vec<Rule>,
    /// Line of the stage in its file, for errors.
    pub line: Option<usize>,
}

/// One rule: a text contained in the line, or a pattern found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// What to look for.
    pub matcher: RuleMatcher,
    /// Line of the rule in its file, for errors.
    pub line: Option<usize>,
}

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleMatcher {
    /// This text, anywhere, in this letter case.
    Text(String),
    /// This regular expression (syntax of the `regex` crate), anywhere unless anchored.
    Pattern(String),
}

impl Rule {
    /// Makes a rule that looks for a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { matcher: RuleMatcher::Text(text.into()), line: None }
    }

    /// Makes a rule that looks for a pattern.
    #[must_use]
    pub fn pattern(pattern: impl Into<String>) -> Self {
        Self { matcher: RuleMatcher::Pattern(pattern.into()), line: None }
    }
}

impl Ruleset {
    /// Makes an empty ruleset of one stage, to be filled by a program.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            max_line_chars: Some(500),
            max_failure_lines: Some(40),
            performance: false,
            probes: Vec::new(),
            strip: Vec::new(),
            stages: vec![StageRules { trim: true, ..StageRules::default() }],
        }
    }

    /// Reads a ruleset from TOML.
    ///
    /// ```toml
    /// name = "mine"                       # required
    /// description = "what it is for"
    /// max-line-chars = 500                # 0: no cut
    /// max-failure-lines = 40              # 0: no limit
    /// performance = false                 # read PERFHERDER_DATA lines too
    ///
    /// [[strip]]                           # a prefix to remove, for good
    /// pattern = '^\d{4}-\d\d-\d\dT\S+Z '
    ///
    /// [[failure]]                         # a text anywhere …
    /// text = "fatal:"
    /// [[failure]]                         # … or a pattern
    /// pattern = '^ERR\d+: '
    /// [[exclude]]
    /// text = "(expected)"
    /// ```
    ///
    /// Where one set of rules must be asked before another, `[[stage]]` tables hold `failure` and `exclude` lists of
    /// their own, with `skip` (a prefix its rules don't look at) and `trim`. A ruleset has at most 8 stages and 32 strips.
    ///
    /// # Errors
    /// When the text is not TOML of this form; the error names the line.
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        let file: RulesetFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_of(text, &span));
            RulesError::syntax(line, error.message().to_owned())
        })?;
        file.into_ruleset(text)
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn default_max_line_chars() -> usize {
    500
}

fn default_max_failure_lines() -> usize {
    40
}

fn default_true() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RulesetFile {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "default_max_line_chars")]
    max_line_chars: usize,
    #[serde(default = "default_max_failure_lines")]
    max_failure_lines: usize,
    #[serde(default)]
    performance: bool,
    #[serde(default)]
    probes: Vec<Vec<Spanned<String>>>,
    #[serde(default)]
    strip: Vec<Spanned<StripRule>>,
    skip: Option<Spanned<String>>,
    trim: Option<bool>,
    #[serde(default)]
    exclude: Vec<Spanned<RuleFile>>,
    #[serde(default)]
    failure: Vec<Spanned<RuleFile>>,
    #[serde(default)]
    stage: Vec<Spanned<StageFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StageFile {
    #[serde(default)]
    skip: Option<String>,
    #[serde(default = "default_true")]
    trim: bool,
    #[serde(default)]
    exclude: Vec<Spanned<RuleFile>>,
    #[serde(default)]
    failure: Vec<Spanned<RuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    text: Option<String>,
    pattern: Option<String>,
}

impl RulesetFile {
    fn into_ruleset(self, text: &str) -> Result<Ruleset, RulesError> {
        let mut stages = Vec::new();
        let plain = !self.failure.is_empty() || !self.exclude.is_empty() || self.skip.is_some();
        if plain || self.trim.is_some() {
            if let Some(stage) = self.stage.first() {
                return Err(RulesError::syntax(
                    Some(line_of(text, &stage.span())),
                    "a ruleset has either `[[stage]]` tables or `failure`, `exclude`, `skip` and `trim` of its own, not both".to_owned(),
                ));
            }
            stages.push(StageRules {
                line: self.skip.as_ref().map(|skip| line_of(text, &skip.span())),
                skip: self.skip.map(Spanned::into_inner),
                trim: self.trim.unwrap_or(true),
                exclude: rules(self.exclude, text)?,
                failure: rules(self.failure, text)?,
            });
        }
        for stage in self.stage {
            let line = Some(line_of(text, &stage.span()));
            let stage = stage.into_inner();
            stages.push(StageRules {
                skip: stage.skip,
                trim: stage.trim,
                exclude: rules(stage.exclude, text)?,
                failure: rules(stage.failure, text)?,
                line,
            });
        }
        if !self.performance && stages.iter().all(|stage| stage.failure.is_empty()) {
            let nothing =
                "has no `failure` rule, and nothing says `performance = true`: it would find nothing";
            return Err(RulesError::syntax(None, nothing.to_owned()));
        }
        let mut probes = Vec::new();
        for group in self.probes {
            let mut texts = Vec::new();
            for probe in group {
                let line = Some(line_of(text, &probe.span()));
                let probe = probe.into_inner();
                if probe.len() != MIN_LITERAL {
                    return Err(RulesError::rule(line, &probe, format!("a probe has {MIN_LITERAL} bytes")));
                }
                texts.push(probe);
            }
            probes.push(texts);
        }
        let strip = self
            .strip
            .into_iter()
            .map(|rule| {
                let line = Some(line_of(text, &rule.span()));
                StripRule { line, ..rule.into_inner() }
            })
            .collect();
        Ok(Ruleset {
            name: self.name,
            description: self.description,
            max_line_chars: (self.max_line_chars > 0).then_some(self.max_line_chars),
            max_failure_lines: (self.max_failure_lines > 0).then_some(self.max_failure_lines),
            performance: self.performance,
            probes,
            strip,
            stages,
        })
    }
}

fn rules(rules: Vec<Spanned<RuleFile>>, text: &str) -> Result<Vec<Rule>, RulesError> {
    rules
        .into_iter()
        .map(|rule| {
            let line = line_of(text, &rule.span());
            let matcher = match rule.into_inner() {
                RuleFile { text: Some(text), pattern: None } => RuleMatcher::Text(text),
                RuleFile { text: None, pattern: Some(pattern) } => RuleMatcher::Pattern(pattern),
                _ => {
                    return Err(RulesError::syntax(
                        Some(line),
                        "a rule has either `text` or `pattern`".to_owned(),
                    ));
                }
            };
            Ok(Rule { matcher, line: Some(line) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_line() {
        for (text, line, part) in [
            ("name = \"x\"\n[[failure]]\ntxt = \"a\"\n", 3, "unknown field"),
            ("name = \"x\"\n\n[[failure]]\n", 3, "either `text` or `pattern`"),
            ("name = \"x\"\n[[failure]]\ntext = \"abc\"\n[[stage]]\n", 4, "not both"),
            ("name = \"x\"\ntrim = false\n[[stage]]\n", 3, "not both"),
            ("name = \"x\"\nprobes = [\n[\"abc\",\n\"abcd\"]]\n[[failure]]\ntext = \"abc\"\n", 4, "3 bytes"),
            ("name = ", 1, ""),
        ] {
            let error = Ruleset::from_toml(text).unwrap_err();
            assert_eq!(error.line(), Some(line), "{text:?}: {error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn a_ruleset_that_would_find_nothing_is_refused() {
        for text in [
            "name = \"x\"",
            "name = \"x\"\n[[exclude]]\ntext = \"abc\"",
            "name = \"x\"\n[[stage]]\nskip = '^a'",
        ] {
            let error = Ruleset::from_toml(text).unwrap_err();
            assert!(error.to_string().contains("would find nothing"), "{text:?}: {error}");
        }
        assert!(Ruleset::from_toml("name = \"x\"\nperformance = true").is_ok());
    }

    #[test]
    fn zero_means_no_limit() {
        let text = "name = \"x\"\nmax-line-chars = 0\nmax-failure-lines = 0\n[[failure]]\ntext = \"abc\"";
        let ruleset = Ruleset::from_toml(text).unwrap();
        assert_eq!((ruleset.max_line_chars, ruleset.max_failure_lines), (None, None));
    }
}
