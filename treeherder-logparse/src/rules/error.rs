//! Why a ruleset cannot be used.

/// An error in a ruleset; it says which rule and, for rules from a file, which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct RulesError {
    line: Option<usize>,
    message: String,
}

impl RulesError {
    pub(crate) fn syntax(line: Option<usize>, message: String) -> Self {
        Self { line, message }
    }

    pub(crate) fn rule(line: Option<usize>, rule: &str, message: impl std::fmt::Display) -> Self {
        Self { line, message: format!("rule `{rule}`: {message}") }
    }

    /// Returns the line of the ruleset's file, counted from 1, where the mistake is.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}
