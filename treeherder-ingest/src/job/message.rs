//! The job message: what task events are turned into and what the job loader reads (`spec/ingest.md` §4.7).

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use super::JobState;
use super::schema::as_integer;

/// A job as reported by its build system.
///
/// Every message is validated against this schema; a message that violates it is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PulseJob", extend("$id" = "/schemas/treeherder/v1/pulse-job.json#"))]
pub struct JobMessage {
    /// Unique id of the job: `<uuid of the task>/<run>` for Taskcluster.
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[A-Za-z0-9/+-]+$"))]
    pub task_id: String,
    /// Where the code comes from.
    pub origin: Origin,
    /// Build system that ran the job, such as `taskcluster`.
    #[schemars(length(min = 1, max = 25), regex(pattern = r"^[\w-]+$"))]
    pub build_system: String,
    /// How the job is shown.
    pub display: JobDisplay,
    /// Stage of the job's life.
    pub state: JobState,
    /// Kind of job; failures of builds and of tests are shown differently.
    pub job_kind: JobKind,
    /// Version of this message format.
    #[serde(deserialize_with = "integer")]
    #[schemars(extend("const" = 1))]
    pub version: i64,
    /// Number of this run of the task, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_integer")]
    #[schemars(range(min = 0))]
    pub retry_id: Option<i64>,
    /// True when the job was retried automatically, so that its outcome does not count.
    #[serde(default)]
    pub is_retried: bool,
    /// Outcome of a completed job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<MessageResult>,
    /// Tier 1 is watched by sheriffs, tier 3 is hidden by default.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_integer")]
    #[schemars(range(min = 1, max = 3))]
    pub tier: Option<i64>,
    /// Ids of the jobs that this one makes superfluous.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1, max = 50), regex(pattern = r"^[\w/+-]+$")))]
    pub coalesced: Vec<String>,
    /// When the job was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time_scheduled: Option<String>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time_started: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time_completed: Option<String>,
    /// Options of the platform, such as `opt` or `debug`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1, max = 50), regex(pattern = r"^[\w-]+$")))]
    pub labels: Vec<String>,
    /// Who requested the job. The loader insists on it, and cuts an owner of more than 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub owner: Option<String>,
    /// Why the job was scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 125))]
    pub reason: Option<String>,
    /// Product that is built or tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 125))]
    pub product_name: Option<String>,
    /// Machine the product was built on or for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_machine: Option<Machine>,
    /// Machine the job ran on, when it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_machine: Option<Machine>,
    /// Description and links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_info: Option<JobInfo>,
    /// Logs of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<MessageLog>>,
}

/// Repository and revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Origin {
    /// Name of the repository as Treeherder knows it.
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[\w-]+$"))]
    pub project: String,
    /// Commit id, the head of a push.
    #[schemars(length(min = 40, max = 40), regex(pattern = r"^[0-9a-f]+$"))]
    pub revision: String,
    /// Push log id or pull request number; 0 when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_integer")]
    pub id: Option<i64>,
}

/// Names and symbols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobDisplay {
    /// Symbol of the job.
    #[schemars(length(max = 25))]
    pub job_symbol: String,
    /// Number of the chunk, appended to the symbol.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_integer")]
    #[schemars(range(min = 1))]
    pub chunk_id: Option<i64>,
    /// Number of chunks.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_integer")]
    #[schemars(range(min = 1))]
    pub chunk_count: Option<i64>,
    /// Symbol of the job's group; `?` is "no group".
    #[schemars(length(min = 1, max = 25))]
    pub group_symbol: String,
    /// Name of the job.
    #[schemars(length(min = 1, max = 140))]
    pub job_name: String,
    /// Name of the job's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub group_name: Option<String>,
}

/// Kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Builds something.
    Build,
    /// Tests something.
    Test,
    /// Anything else.
    #[default]
    Other,
}

/// Outcome as written in a job message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageResult {
    /// Passed.
    Success,
    /// Failed.
    Fail,
    /// Broke for reasons outside of the job.
    Exception,
    /// Retried automatically.
    Retry,
    /// Canceled by somebody.
    Canceled,
    /// Made superfluous by a later job.
    Superseded,
    /// Not known yet.
    Unknown,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    /// Name of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[\w-]+$"))]
    pub name: Option<String>,
    /// Platform, such as `linux64`.
    #[schemars(length(min = 1, max = 100), regex(pattern = r"^[\w-]+$"))]
    pub platform: String,
    /// Operating system; `-` when not known.
    #[schemars(length(min = 1, max = 25), regex(pattern = r"^[\w-]+$"))]
    pub os: String,
    /// Architecture; `-` when not known.
    #[schemars(length(min = 1, max = 25), regex(pattern = r"^[\w-]+$"))]
    pub architecture: String,
}

/// Description and links of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobInfo {
    /// Description of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Links, one per artifact.
    #[serde(default)]
    pub links: Vec<JobLink>,
}

/// A link shown with a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobLink {
    /// Where it leads.
    #[schemars(length(max = 512), extend("format" = "uri"))]
    pub url: String,
    /// Text of the link.
    #[schemars(length(min = 1, max = 125))]
    pub link_text: String,
    /// Label before the link.
    #[schemars(length(min = 1, max = 70))]
    pub label: String,
}

/// A log of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageLog {
    /// Where to fetch it.
    #[schemars(length(min = 1, max = 255), extend("format" = "uri"))]
    pub url: String,
    /// Name of the log; only `live_backing_log` and `errorsummary_json` are parsed.
    #[schemars(length(min = 1, max = 50))]
    pub name: String,
}

/// Reads an integer that may be written as a float without fraction, as JSON schemas allow.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = Number::deserialize(deserializer)?;
    as_integer(&number)
        .ok_or_else(|| serde::de::Error::custom(format!("{number} is not an integer of 64 bits")))
}

pub(crate) fn optional_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    integer(deserializer).map(Some)
}
