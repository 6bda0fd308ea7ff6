//! What is wrong with a message, and where.

use std::fmt;

/// One violation of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) to the offending value; empty for the message itself.
    pub pointer: String,
    /// What is wrong there, as the end of a sentence that starts with the pointer.
    pub message: String,
}

impl Violation {
    /// Says that the value at `pointer` is wrong.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(formatter, "{place} {}", self.message)
    }
}

/// All violations found in one message (at most [`Violations::LIMIT`]), never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Number of violations after which the search stops: a hostile message must not fill the log.
    pub const LIMIT: usize = 16;

    /// Wraps what a check found; nothing found is `Ok`.
    ///
    /// # Errors
    /// The violations, if there are any.
    pub fn into_result(found: Vec<Violation>) -> Result<(), Self> {
        if found.is_empty() { Ok(()) } else { Err(Self(found)) }
    }

    /// Lists the violations in document order.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{violation}")?;
        }
        Ok(())
    }
}
