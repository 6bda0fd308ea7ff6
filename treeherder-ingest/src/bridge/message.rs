//! The job message as the bridge publishes it (`spec/bridge-l10n-platform.md` §1.7).
//!
//! It differs from the ingester's [`JobMessage`] in its origin, in some limits and in what logs may tell; what is the
//! same is shared.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::job::{JobInfo, JobKind, JobMessage, JobState, Machine, MessageLog, MessageResult};

use super::origin::PulseOrigin;

/// Names of jobs are cut one character before the limit of the schema.
const JOB_NAME_LENGTH: usize = 99;

/// A job as reported by its build system.
///
/// Every message is validated against this schema before it is published; a message that violates it is not published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("$id" = "/schemas/treeherder/v1/pulse-job.json#"))]
pub struct PulseJob {
    /// Unique id of the job: `<uuid of the task>/<run>`.
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[A-Za-z0-9/+-]+$"))]
    pub task_id: String,
    /// Where the code comes from.
    pub origin: PulseOrigin,
    /// Build system that ran the job, such as `taskcluster`.
    #[schemars(length(min = 1, max = 25), regex(pattern = r"^[\w-]+$"))]
    pub build_system: String,
    /// How the job is shown.
    pub display: PulseDisplay,
    /// Stage of the job's life.
    pub state: JobState,
    /// Kind of job; failures of builds and of tests are shown differently.
    #[schemars(extend("default" = "other"))]
    pub job_kind: JobKind,
    /// Version of this message format.
    #[schemars(extend("const" = 1))]
    pub version: i64,
    /// Number of this run of the task, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("default" = 0))]
    pub retry_id: Option<i64>,
    /// True when a later run takes the place of this one, so that its outcome does not count.
    #[serde(default)]
    pub is_retried: bool,
    /// Outcome of a completed job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "result")]
    pub result: Option<MessageResult>,
    /// Tier 1 is watched by sheriffs, tier 3 is hidden by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3))]
    pub tier: Option<i64>,
    /// Ids of the jobs that this one makes superfluous.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1, max = 50), regex(pattern = r"^[\w/+-]+$")))]
    pub coalesced: Vec<String>,
    /// When the task was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time_scheduled: Option<String>,
    /// When the run started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time_started: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub time_completed: Option<String>,
    /// Options of the platform, such as `opt` or `debug`.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 50), regex(pattern = r"^[\w-]+$")))]
    pub labels: Vec<String>,
    /// Who requested the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub owner: Option<String>,
    /// Why the job was scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 125))]
    pub reason: Option<String>,
    /// Product that is built or tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 125))]
    pub product_name: Option<String>,
    /// Machine the product was built on or for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_machine: Option<Machine>,
    /// Machine the job ran on, when it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_machine: Option<Machine>,
    /// Description and links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_info: Option<JobInfo>,
    /// Logs of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<PulseLog>>,
    /// Anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<Map<String, Value>>,
}

/// Names and symbols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PulseDisplay {
    /// Symbol of the job.
    #[schemars(length(max = 25))]
    pub job_symbol: String,
    /// Number of the chunk, appended to the symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub chunk_id: Option<i64>,
    /// Number of chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub chunk_count: Option<i64>,
    /// Symbol of the job's group; `?` is "no group".
    #[schemars(length(min = 1, max = 25))]
    pub group_symbol: String,
    /// Name of the job.
    #[schemars(length(min = 1, max = 100))]
    pub job_name: String,
    /// Name of the job's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub group_name: Option<String>,
}

/// A log of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PulseLog {
    /// Where to fetch it.
    #[schemars(length(min = 1, max = 255), extend("format" = "uri"))]
    pub url: String,
    /// Name of the log, by which consumers know what to do with it.
    #[schemars(length(min = 1, max = 50))]
    pub name: String,
    /// Steps, where the build system knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<PulseStep>>,
    /// Whether the steps do not name all errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors_truncated: Option<bool>,
}

/// A step of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PulseStep {
    /// Name of the step.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// When it started.
    #[schemars(extend("format" = "date-time"))]
    pub time_started: String,
    /// When it ended.
    #[schemars(extend("format" = "date-time"))]
    pub time_finished: String,
    /// Its first line in the log.
    #[schemars(range(min = 0))]
    pub line_started: i64,
    /// Its last line in the log.
    #[schemars(range(min = 0))]
    pub line_finished: i64,
    /// Its outcome.
    #[schemars(schema_with = "step_result")]
    pub result: MessageResult,
    /// Errors found in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<PulseStepError>>,
}

/// An error found in a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PulseStepError {
    /// The line.
    #[schemars(length(min = 1, max = 255))]
    pub line: String,
    /// Its number.
    #[schemars(range(min = 0))]
    pub linenumber: i64,
}

fn result(_generator: &mut SchemaGenerator) -> Schema {
    let names = ["success", "fail", "exception", "canceled", "superseded", "unknown"];
    json_schema!({"type": "string", "enum": names})
}

fn step_result(_generator: &mut SchemaGenerator) -> Schema {
    let names = ["success", "fail", "exception", "canceled", "unknown"];
    json_schema!({"type": "string", "enum": names})
}

impl PulseJob {
    /// Takes over what the ingester's mapping of tasks to jobs made, with the bridge's own origin and labels.
    pub(super) fn of_message(message: JobMessage, origin: PulseOrigin, labels: Vec<String>) -> Self {
        let display = message.display;
        Self {
            task_id: message.task_id,
            origin,
            build_system: message.build_system,
            display: PulseDisplay {
                job_symbol: display.job_symbol,
                chunk_id: display.chunk_id,
                chunk_count: display.chunk_count,
                group_symbol: display.group_symbol,
                job_name: display.job_name.chars().take(JOB_NAME_LENGTH).collect(),
                group_name: display.group_name,
            },
            state: message.state,
            job_kind: message.job_kind,
            version: message.version,
            retry_id: message.retry_id,
            is_retried: message.is_retried,
            result: message.result,
            tier: message.tier,
            coalesced: message.coalesced,
            time_scheduled: message.time_scheduled,
            time_started: message.time_started,
            time_completed: message.time_completed,
            labels,
            owner: message.owner,
            reason: message.reason,
            product_name: message.product_name,
            build_machine: message.build_machine,
            run_machine: message.run_machine,
            job_info: message.job_info,
            logs: message.logs.map(|logs| logs.into_iter().map(PulseLog::from).collect()),
            extra: None,
        }
    }
}

impl From<MessageLog> for PulseLog {
    fn from(log: MessageLog) -> Self {
        Self { url: log.url, name: log.name, steps: None, errors_truncated: None }
    }
}
