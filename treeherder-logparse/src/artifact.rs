//! The artifacts Treeherder stores for a parsed log (§5.4 of the ingestion specification).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::perf::PerformanceData;

/// One line of a log that tells of an error.
///
/// ```
/// use treeherder_logparse::artifact::ErrorLine;
///
/// let line = ErrorLine { linenumber: 12, line: "TEST-UNEXPECTED-FAIL | a.html".to_owned() };
/// assert_eq!(serde_json::to_string(&line)?, r#"{"linenumber":12,"line":"TEST-UNEXPECTED-FAIL | a.html"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ErrorLine {
    /// Which line of the log it is; the first is 0, and empty lines count.
    pub linenumber: u64,
    /// Its text, as it is shown.
    pub line: String,
}

/// The blob of the artifact `text_log_summary`: the error lines of a log, possibly none.
///
/// ```
/// use treeherder_logparse::artifact::TextLogSummary;
///
/// let summary = TextLogSummary { logurl: "https://example.org/live.log".to_owned(), errors: Vec::new() };
/// assert_eq!(serde_json::to_string(&summary)?, r#"{"logurl":"https://example.org/live.log","errors":[]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLogSummary {
    /// Where the log comes from.
    pub logurl: String,
    /// The error lines, in the order of the log.
    pub errors: Vec<ErrorLine>,
}

/// The blob of the artifact `performance_data`: the performance objects of a log or of a JSON artifact.
///
/// Reading one accepts a single object in place of the list (§6.3).
///
/// ```
/// use treeherder_logparse::artifact::PerformanceArtifact;
///
/// let blob = r#"{"logurl": "u", "performance_data": {"framework": {"name": "awsy"}, "suites": []}}"#;
/// let artifact: PerformanceArtifact = serde_json::from_str(blob)?;
/// assert_eq!(
///     serde_json::to_string(&artifact)?,
///     r#"{"logurl":"u","performance_data":[{"framework":{"name":"awsy"},"suites":[]}]}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerformanceArtifact {
    /// Where the data come from.
    pub logurl: String,
    /// The objects, in the order of the log.
    #[serde(deserialize_with = "one_or_many")]
    pub performance_data: Vec<PerformanceData>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PerformanceData>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let read = if raw.get().starts_with('{') {
        serde_json::from_str(raw.get()).map(|single| vec![single])
    } else {
        serde_json::from_str(raw.get())
    };
    read.map_err(D::Error::custom)
}

/// An artifact in the form it is handed to storage: its blob is JSON text.
///
/// ```
/// use treeherder_logparse::artifact::{Artifact, TextLogSummary};
///
/// let summary = TextLogSummary { logurl: "https://example.org/live.log".to_owned(), errors: Vec::new() };
/// let artifact = Artifact::text_log_summary("a-guid/0", &summary)?;
/// assert_eq!(
///     serde_json::to_value(&artifact)?,
///     serde_json::json!({
///         "job_guid": "a-guid/0",
///         "name": "text_log_summary",
///         "type": "json",
///         "blob": "{\"logurl\":\"https://example.org/live.log\",\"errors\":[]}"
///     })
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The job the log belongs to.
    pub job_guid: String,
    /// What the blob is: `text_log_summary` or `performance_data`.
    pub name: String,
    /// The form of the blob, always `json`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The blob, as JSON text.
    pub blob: String,
}

impl Artifact {
    /// Wraps the error lines of a log.
    ///
    /// # Errors
    /// Returns the error of writing the blob as JSON.
    pub fn text_log_summary(job_guid: &str, summary: &TextLogSummary) -> serde_json::Result<Self> {
        Self::wrap(job_guid, "text_log_summary", summary)
    }

    /// Wraps the performance data of a log; none make no artifact.
    ///
    /// ```
    /// use treeherder_logparse::artifact::{Artifact, PerformanceArtifact};
    ///
    /// assert_eq!(Artifact::performance_data("a-guid/0", &PerformanceArtifact::default())?, None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the error of writing the blob as JSON.
    pub fn performance_data(job_guid: &str, data: &PerformanceArtifact) -> serde_json::Result<Option<Self>> {
        if data.performance_data.is_empty() {
            return Ok(None);
        }
        Self::wrap(job_guid, "performance_data", data).map(Some)
    }

    fn wrap(job_guid: &str, name: &str, blob: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self {
            job_guid: job_guid.to_owned(),
            name: name.to_owned(),
            kind: "json".to_owned(),
            blob: serde_json::to_string(blob)?,
        })
    }
}
