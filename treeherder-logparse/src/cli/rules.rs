//! `--rules`, `--list-rules` and `--show-rules`.

use std::{ffi::OsStr, fs, io, path::Path};

use crate::{Rules, RulesError, Ruleset, builtin_names};

/// Why `--rules` or `--show-rules` cannot be obeyed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesArgumentError {
    #[error("no shipped ruleset and no file has the name {name:?}; shipped rulesets: {}", names())]
    Unknown { name: String },
    #[error("rules file {path}: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error("rules file {path}: {error}")]
    Invalid { path: String, error: RulesError },
}

/// Returns the rules named on the command line: a shipped ruleset's name comes before a file's.
pub(super) fn load(argument: &OsStr) -> Result<Rules, RulesArgumentError> {
    if let Some(rules) = argument.to_str().and_then(Rules::builtin) {
        return Ok(rules);
    }
    let file = Path::new(argument);
    let path = file.display().to_string();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.extension().is_none() => {
            return Err(RulesArgumentError::Unknown { name: path });
        }
        Err(error) => return Err(RulesArgumentError::Unreadable { path, error }),
    };
    Ruleset::from_toml(&text)
        .and_then(|ruleset| Rules::compile(&ruleset))
        .map_err(|error| RulesArgumentError::Invalid { path, error })
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
