//! The usual way to write such a parser: line by line, one regular expression after the other.

use anyhow::Result;
use memchr::memchr2;
use regex_automata::meta::Regex;
use treeherder_logparse::{Rule, RuleMatcher, Ruleset};

/// A parser that asks the rules about every line.
#[derive(Debug)]
pub struct LineParser {
    max_line_chars: usize,
    strips: Vec<Strip>,
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Strip {
    pattern: Regex,
    unless: Option<Regex>,
    once_seen: Option<String>,
}

#[derive(Debug)]
struct Stage {
    skip: Option<Regex>,
    trim: bool,
    exclude: Regex,
    failure: Regex,
}

impl LineParser {
    /// Compiles the rules, those of a stage and kind as one set.
    ///
    /// # Errors
    /// When a pattern is invalid.
    pub fn new(ruleset: &Ruleset) -> Result<Self> {
        let optional = |pattern: &Option<String>| -> Result<Option<Regex>> {
            Ok(pattern.as_deref().map(Regex::new).transpose()?)
        };
        let mut strips = Vec::new();
        for strip in &ruleset.strip {
            strips.push(Strip {
                pattern: Regex::new(&strip.pattern)?,
                unless: optional(&strip.unless)?,
                once_seen: strip.once_seen.clone(),
            });
        }
        let mut stages = Vec::new();
        for stage in &ruleset.stages {
            stages.push(Stage {
                skip: optional(&stage.skip)?,
                trim: stage.trim,
                exclude: Regex::new_many(&patterns(&stage.exclude))?,
                failure: Regex::new_many(&patterns(&stage.failure))?,
            });
        }
        Ok(Self { max_line_chars: ruleset.max_line_chars.unwrap_or(usize::MAX), strips, stages })
    }

    /// Counts the failure lines of a log; one that repeats the failure line before it counts no more.
    #[must_use]
    pub fn count(&self, log: &[u8]) -> u64 {
        let mut seen: Vec<bool> = self.strips.iter().map(|strip| strip.once_seen.is_none()).collect();
        let mut last = String::new();
        let mut found = 0;
        let mut rest = log;
        while !rest.is_empty() {
            let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let decoded = String::from_utf8_lossy(&rest[..end]);
            let terminator = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
            rest = rest.get(end + terminator..).unwrap_or_default();
            let mut line = &*decoded;
            if !line.contains("PERFHERDER_DATA")
                && let Some((cut, _)) = line.char_indices().nth(self.max_line_chars)
            {
                line = &line[..cut];
            }
            for (strip, seen) in self.strips.iter().zip(&mut seen) {
                *seen |= strip.once_seen.as_ref().is_some_and(|text| line.starts_with(text));
                if *seen && !strip.unless.as_ref().is_some_and(|unless| unless.is_match(line)) {
                    line = &line[match_end(&strip.pattern, line)..];
                }
            }
            if self.is_failure(line) && last != trim(line) {
                trim(line).clone_into(&mut last);
                found += 1;
            }
        }
        found
    }

    fn is_failure(&self, line: &str) -> bool {
        for stage in &self.stages {
            let line = stage.skip.as_ref().map_or(line, |skip| &line[match_end(skip, line)..]);
            let line = if stage.trim { trim(line) } else { line };
            if stage.exclude.is_match(line) {
                return false;
            }
            if stage.failure.is_match(line) {
                return true;
            }
        }
        false
    }
}

fn patterns(rules: &[Rule]) -> Vec<String> {
    let pattern = |rule: &Rule| match &rule.matcher {
        RuleMatcher::Text(text) => regex_escape(text),
        RuleMatcher::Pattern(pattern) => pattern.clone(),
    };
    rules.iter().map(pattern).collect()
}

/// Escapes a text so that a regular expression finds it as it is; older `ripgrep`s refuse escapes that are not needed.
pub(crate) fn regex_escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn match_end(regex: &Regex, line: &str) -> usize {
    regex.find(line).map_or(0, |found| found.end())
}

fn trim(line: &str) -> &str {
    line.trim_end_matches(|character: char| {
        character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
    })
}

#[cfg(test)]
mod tests {
    use treeherder_testdata::logs::{LogSpec, Profile};

    use super::*;

    #[test]
    fn finds_what_was_planted() {
        let parser = LineParser::new(&Ruleset::builtin("treeherder").unwrap()).unwrap();
        for (profile, seed) in Profile::ALL.into_iter().zip(1..) {
            let spec = LogSpec::steady(profile, seed, 1 << 20);
            let (log, truth) = spec.to_bytes();
            assert_eq!(parser.count(&log), truth.errors.len() as u64, "{profile:?}");
        }
    }
}
