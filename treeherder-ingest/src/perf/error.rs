//! What can be wrong with an artifact.

use thiserror::Error;

/// Why an artifact cannot be stored; every message names the place inside the artifact.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// A part is missing or of the wrong type.
    #[error("performance data: {place}: {source}")]
    Shape {
        /// Where, `suites[3].subtests[0]` for example.
        place: String,
        /// What is wrong there.
        source: serde_json::Error,
    },
    /// A text does not fit into its column.
    #[error("performance data: {place}: {length} characters, at most {limit} can be stored")]
    TooLong {
        /// Where.
        place: String,
        /// Characters found.
        length: usize,
        /// Characters that fit.
        limit: usize,
    },
    /// A text holds a NUL character, which databases cannot store.
    #[error("performance data: {place}: the text holds a NUL character")]
    Nul {
        /// Where.
        place: String,
    },
    /// `pushTimestamp` is not a time.
    #[error("performance data: pushTimestamp: {0} is not a time")]
    PushTimestamp(f64),
}
