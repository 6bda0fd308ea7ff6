//! Other programs that can do part of the job, with rules as near to ours as they can be given.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use memchr::memmem;
use regex_automata::{meta, util::syntax};
use treeherder_logparse::{RuleMatcher, Rules, Ruleset};

use crate::{corpus::BLOCK, line_parser::regex_escape, timing::Sample};

/// Returns where a program is, when it is installed.
#[must_use]
pub fn installed(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Writes the failure rules of a ruleset as patterns for raw lines, prefixes optional: what `ripgrep` can be asked.
///
/// Excluding rules and repeated lines are beyond it, so it finds some more lines.
#[must_use]
pub fn raw_line_patterns(ruleset: &Ruleset) -> Vec<String> {
    let unanchored = |pattern: &str| pattern.trim_start_matches('^').to_owned();
    let strip: String =
        ruleset.strip.iter().map(|strip| format!("(?:{})?", unanchored(&strip.pattern))).collect();
    let mut patterns = Vec::new();
    for stage in &ruleset.stages {
        let skip = stage.skip.as_deref().map(|skip| format!("(?:{})?", unanchored(skip)));
        for rule in &stage.failure {
            patterns.push(match &rule.matcher {
                RuleMatcher::Text(text) => regex_escape(text),
                RuleMatcher::Pattern(pattern) if pattern.starts_with('^') => {
                    format!("^{strip}{}(?:{})", skip.as_deref().unwrap_or_default(), unanchored(pattern))
                }
                RuleMatcher::Pattern(pattern) => pattern.clone(),
            });
        }
    }
    patterns
}

/// Counts the lines of `text` that match a pattern as `ripgrep` does: lines end at LF, bytes may be anything.
///
/// # Errors
/// When a pattern is invalid.
pub fn count_matching_lines(patterns: &[String], text: &[u8]) -> Result<u64> {
    let regex = meta::Builder::new()
        .configure(meta::Config::new().utf8_empty(false))
        .syntax(syntax::Config::new().utf8(false))
        .build_many(patterns)?;
    let matching = text.split(|byte| *byte == b'\n').filter(|line| regex.is_match(line));
    Ok(matching.count() as u64)
}

/// Vectorscan (or Hyperscan) looking for the literals of the rules, in a program of its own.
#[derive(Debug)]
pub struct Vectorscan {
    program: PathBuf,
    literals: PathBuf,
    text: PathBuf,
}

impl Vectorscan {
    /// Compiles `peers/vectorscan.c`; `None` where library or compiler are not installed.
    ///
    /// # Errors
    /// When the files it works on cannot be written.
    pub fn build(folder: &Path, rules: &Rules, text: &Path) -> Result<Option<Self>> {
        let header = Path::new("/usr/include/hs/hs.h");
        if !header.is_file() || installed("cc").is_none() {
            return Ok(None);
        }
        let program = folder.join("vectorscan");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/vectorscan.c");
        let compiled =
            Command::new("cc").args(["-O2", "-o"]).arg(&program).arg(source).arg("-lhs").status()?;
        ensure!(compiled.success(), "vectorscan.c does not compile");
        // As regular expressions of hexadecimal escapes, one a line: nothing needs quoting.
        let escaped =
            |literal: &[u8]| literal.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
        let literals: Vec<String> = rules.literals().map(escaped).collect();
        let path = folder.join("literals.txt");
        fs::write(&path, literals.join("\n") + "\n")?;
        Ok(Some(Self { program, literals: path, text: text.to_owned() }))
    }

    /// Searches the text block by block, each block `repeat` times while it is in cache.
    ///
    /// # Errors
    /// When the program fails.
    pub fn run(&self, repeat: usize) -> Result<Sample> {
        let output = Command::new(&self.program)
            .args([&self.literals, &self.text])
            .args([BLOCK.to_string(), repeat.to_string()])
            .output()?;
        ensure!(output.status.success(), "vectorscan: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let (nanoseconds, found) = text.trim().split_once(' ').context("vectorscan's output")?;
        Ok(Sample { spent: Duration::from_nanos(nanoseconds.parse()?), found: found.parse()? })
    }
}

/// Counts where the literals of the rules are in the blocks of a text, overlapping ones included.
#[must_use]
pub fn count_literals(rules: &Rules, text: &[u8]) -> u64 {
    let mut found = 0;
    for literal in rules.literals() {
        let finder = memmem::Finder::new(literal);
        for block in text.chunks(BLOCK) {
            let mut from = 0;
            while let Some(at) = finder.find(&block[from..]) {
                found += 1;
                from += at + 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_lines_match_with_and_without_prefixes() {
        let patterns = raw_line_patterns(&Ruleset::builtin("treeherder").unwrap());
        let log = b"abort: x\n[task 2026-11-22T10:00:00.000Z] 10:00:00     INFO - abort: y\nno abort: z\r\n\
            10:00:00    ERROR - a\n[task 2026-11-22T10:00:00.000Z] \xff PROCESS-CRASH\n";
        assert_eq!(count_matching_lines(&patterns, log).unwrap(), 4);
    }
}
