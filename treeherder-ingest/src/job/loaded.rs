//! The job as handed to storage (`spec/ingest.md` §4.8).

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What the job loader makes of one job message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadedJob {
    /// Name of the repository (`origin.project`); not part of the stored form's JSON.
    #[serde(skip)]
    pub repository: String,
    /// Revision of the push the job belongs to.
    pub revision: String,
    /// Guids of the jobs that this one supersedes.
    pub superseded: Vec<String>,
    /// The job itself.
    pub job: JobData,
}

/// The columns of a job, with its log references.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobData {
    /// `<uuid of the task>/<run id>`.
    pub job_guid: String,
    /// Name of the job type.
    pub name: String,
    /// Symbol of the job type, chunk number included.
    pub job_symbol: String,
    /// Name of the job group.
    pub group_name: String,
    /// Symbol of the job group.
    pub group_symbol: String,
    /// Product.
    pub product_name: String,
    /// `unscheduled`, `pending`, `running` or `completed`.
    pub state: String,
    /// Result as stored (`success`, `testfailed`, `busted`, …, `unknown`).
    pub result: String,
    /// Why the job was scheduled.
    pub reason: String,
    /// Owner.
    pub who: String,
    /// `taskcluster` for everything that comes through Pulse.
    pub build_system_type: String,
    /// 1 to 3.
    pub tier: i64,
    /// Name of the machine.
    pub machine: String,
    /// Option names, all mapped to true; order of the labels.
    pub option_collection: IndexMap<String, bool>,
    /// Logs to parse.
    pub log_references: Vec<LogReference>,
    /// Perfherder JSON artifacts to ingest.
    pub perfherder_data_references: Vec<LogReference>,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub submit_timestamp: Option<i64>,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start_timestamp: Option<i64>,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_timestamp: Option<i64>,
    /// Where it was built.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub build_platform: Option<Platform>,
    /// Where it ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub machine_platform: Option<Platform>,
    /// Slug of the task.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub taskcluster_task_id: Option<String>,
    /// Run number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub taskcluster_retry_id: Option<i64>,
}

/// A platform.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// Platform name, `linux64`.
    pub platform: String,
    /// Operating system, `-` when not given.
    pub os_name: String,
    /// Architecture, `-` when not given.
    pub architecture: String,
}

/// A log or artifact of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogReference {
    /// `live_backing_log`, `errorsummary_json`, or the artifact's file name.
    pub name: String,
    /// Where to fetch it.
    pub url: String,
    /// `pending`, `parsed`, `failed` or `skipped-size`.
    pub parse_status: String,
}
