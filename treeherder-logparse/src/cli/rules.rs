//! `--rules`, `--list-rules` and `--show-rules`.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::Path,
};

use crate::{Rules, RulesError, Ruleset, StripRule, builtin_names};

/// Why `--rules` or `--show-rules` cannot be obeyed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesArgumentError {
    #[error("no shipped ruleset and no file has the name {name:?}; shipped rulesets: {}", names())]
    Unknown { name: String },
    #[error("rules file {path}: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error("rules file {path}: {error}")]
    Invalid { path: String, error: RulesError },
    #[error("the rulesets cannot be used together: {0}")]
    Joined(RulesError),
}

/// Returns the rules named on the command line, those of several rulesets in one.
pub(super) fn load(arguments: &[OsString]) -> Result<Rules, RulesArgumentError> {
    if let [name] = arguments
        && let Some(rules) = name.to_str().and_then(Rules::builtin)
    {
        return Ok(rules);
    }
    let mut joined: Option<Ruleset> = None;
    for argument in arguments {
        let ruleset = read(argument)?;
        // Compiled by itself, so that an error is told with its own file's name and line.
        let path = argument.display().to_string();
        let rules = Rules::compile(&ruleset).map_err(|error| RulesArgumentError::Invalid { path, error })?;
        if arguments.len() == 1 {
            return Ok(rules);
        }
        match &mut joined {
            Some(joined) => join(joined, ruleset),
            None => joined = Some(ruleset),
        }
    }
    let joined = joined.unwrap_or_else(|| Ruleset::new("none"));
    Rules::compile(&joined).map_err(RulesArgumentError::Joined)
}

/// Reads one ruleset: a shipped ruleset's name comes before a file's.
fn read(argument: &OsStr) -> Result<Ruleset, RulesArgumentError> {
    if let Some(ruleset) = argument.to_str().and_then(Ruleset::builtin) {
        return Ok(ruleset);
    }
    let file = Path::new(argument);
    let path = file.display().to_string();
    match fs::read_to_string(file) {
        Ok(text) => Ruleset::from_toml(&text).map_err(|error| RulesArgumentError::Invalid { path, error }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.extension().is_none() => {
            Err(RulesArgumentError::Unknown { name: path })
        }
        Err(error) => Err(RulesArgumentError::Unreadable { path, error }),
    }
}

/// Adds a ruleset behind another; limits are those of the more generous one.
fn join(joined: &mut Ruleset, other: Ruleset) {
    for strip in other.strip {
        // The shipped rulesets have prefixes in common, and each would be removed once for each ruleset.
        let same = |known: &StripRule| {
            (&known.pattern, &known.unless, &known.once_seen)
                == (&strip.pattern, &strip.unless, &strip.once_seen)
        };
        if !joined.strip.iter().any(same) {
            joined.strip.push(strip);
        }
    }
    joined.stages.extend(other.stages);
    joined.performance |= other.performance;
    let larger = |one: Option<usize>, other: Option<usize>| Some(one?.max(other?));
    joined.max_line_chars = larger(joined.max_line_chars, other.max_line_chars);
    joined.max_failure_lines = larger(joined.max_failure_lines, other.max_failure_lines);
}

/// Lists the shipped rulesets with what they are for.
pub(super) fn list() -> String {
    let width = builtin_names().map(str::len).max().unwrap_or(0);
    builtin_names()
        .filter_map(Ruleset::builtin)
        .map(|ruleset| format!("{:width$}  {}\n", ruleset.name, ruleset.description))
        .collect()
}

/// Returns the TOML of a shipped ruleset.
pub(super) fn show(name: &str) -> Result<&'static str, RulesArgumentError> {
    Ruleset::builtin_toml(name).ok_or_else(|| RulesArgumentError::Unknown { name: name.to_owned() })
}

fn names() -> String {
    builtin_names().collect::<Vec<_>>().join(", ")
}
