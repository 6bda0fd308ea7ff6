//! Rules are data: the model, how it is read from TOML, and how it is compiled for the engine.

mod builtin;
mod check;
mod compile;
mod error;
mod memo;
mod model;
mod near;
mod pattern;
mod required;
mod shape;
mod uses;
mod walk;

pub use builtin::builtin_names;
pub(crate) use compile::{Compiled, Memos, PERFORMANCE_MARKERS, View};
pub use error::RulesError;
pub use model::{Rule, RuleMatcher, Ruleset, StageRules, StripRule};
pub(crate) use uses::MAX_STAGES;

use std::sync::Arc;

use crate::Simd;

/// A compiled [`Ruleset`], ready to be shared by any number of parsers.
///
/// Compiling takes some milliseconds, tens of them for many patterns; a clone is one reference count.
///
/// ```
/// use treeherder_logparse::{Rules, Ruleset};
///
/// let ruleset = Ruleset::from_toml(r#"
///     name = "mine"
///     [[failure]]
///     pattern = '^ERR\d+: '
///     [[failure]]
///     text = "BOOM!"
///     [[exclude]]
///     text = "(expected)"
/// "#)?;
/// let rules = Rules::compile(&ruleset)?;
/// assert!(rules.is_failure("ERR12: no such file"));
/// assert!(!rules.is_failure("BOOM! (expected)"));
/// # Ok::<(), treeherder_logparse::RulesError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    compiled: Arc<Compiled>,
}

impl Rules {
    /// Compiles a ruleset.
    ///
    /// # Errors
    /// When a pattern cannot be parsed, has no literal text of three bytes or more that every match contains, or
    /// compiles to something too large. The error names the rule and, for a ruleset read from TOML, its line.
    pub fn compile(ruleset: &Ruleset) -> Result<Self, RulesError> {
        Self::compile_for(ruleset, Simd::detect())
    }

    /// As [`compile`](Self::compile), but the search uses no more than the given instructions: for measurements and
    /// tests. Instructions that the CPU lacks are not used.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn compile_for(ruleset: &Ruleset, simd: Simd) -> Result<Self, RulesError> {
        Ok(Self { compiled: Arc::new(Compiled::new(ruleset, simd)?) })
    }

    /// Returns Treeherder's own rules (`spec/ingest.md` §5.5).
    #[must_use]
    pub fn treeherder() -> Self {
        Self::builtin("treeherder").unwrap_or_else(|| unreachable!("the built-in ruleset is shipped"))
    }

    /// Returns a shipped ruleset by name; [`builtin_names`] lists them. `None` when there is none of that name.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        builtin::compiled(name)
    }

    /// Tells whether one whole line, without prefix and terminator, is a failure line by these rules.
    ///
    /// Prefixes that are only stripped after a certain line was seen (`once-seen`) are left alone.
    #[must_use]
    pub fn is_failure(&self, line: &str) -> bool {
        self.compiled.is_failure(line)
    }

    /// Lists the literals of the rules: a line is looked at when it contains one of them.
    pub fn literals(&self) -> impl Iterator<Item = &[u8]> {
        self.compiled.prefilter.literals()
    }

    /// Returns the ruleset's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.compiled.name
    }

    pub(crate) fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }
}
