//! What can be wrong with an artifact that satisfies the schema.

use thiserror::Error;

/// Why an artifact cannot be stored; every message names the place inside the artifact.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The framework has no name.
    #[error("performance data: framework.name is missing")]
    NoFrameworkName,
    /// A text holds a NUL character, which databases cannot store.
    #[error("performance data: {place}: the text holds a NUL character")]
    Nul {
        /// Where, `suites[3].subtests[0].name` for example.
        place: String,
    },
    /// `pushTimestamp` is not a time.
    #[error("performance data: pushTimestamp: {0} is not a time")]
    PushTimestamp(f64),
}
