//! The rulesets that the crate ships.

use std::sync::OnceLock;

use super::{Rules, Ruleset};

/// Name, TOML text and compiled form of one shipped ruleset.
struct Builtin {
    name: &'static str,
    toml: &'static str,
    compiled: OnceLock<Rules>,
}

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        [$(Builtin { name: $name, toml: include_str!(concat!("builtin/", $name, ".toml")), compiled: OnceLock::new() }),*]
    };
}

static BUILTIN: [Builtin; 8] =
    builtin!["treeherder", "cargo-test", "gcc", "github-actions", "go-test", "gradle", "jest", "pytest"];

/// Lists the names of the shipped rulesets; Treeherder's own comes first.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|builtin| builtin.name)
}

impl Ruleset {
    /// Returns a shipped ruleset by name, to look at or to build on; `None` when there is none of that name.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let builtin = BUILTIN.iter().find(|builtin| builtin.name == name)?;
        match Self::from_toml(builtin.toml) {
            Ok(ruleset) => Some(ruleset),
            Err(error) => unreachable!("shipped ruleset {name}: {error}"),
        }
    }

    /// Returns the TOML text of a shipped ruleset, a starting point for one's own.
    #[must_use]
    pub fn builtin_toml(name: &str) -> Option<&'static str> {
        BUILTIN.iter().find(|builtin| builtin.name == name).map(|builtin| builtin.toml)
    }
}

/// Compiles a shipped ruleset on first use.
pub(super) fn compiled(name: &str) -> Option<Rules> {
    let builtin = BUILTIN.iter().find(|builtin| builtin.name == name)?;
    let rules = builtin.compiled.get_or_init(|| {
        let compiled = Ruleset::from_toml(builtin.toml).and_then(|ruleset| Rules::compile(&ruleset));
        match compiled {
            Ok(rules) => rules,
            Err(error) => unreachable!("shipped ruleset {name}: {error}"),
        }
    });
    Some(rules.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_ruleset_compiles_under_its_own_name() {
        for name in builtin_names() {
            assert_eq!(compiled(name).unwrap().name(), name);
        }
    }
}
