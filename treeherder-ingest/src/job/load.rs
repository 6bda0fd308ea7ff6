//! From job message to the job as stored: validation and transformation (`spec/ingest.md` §4.7, §4.8).

use std::sync::LazyLock;
use std::time::Instant;

use chrono::{DateTime, NaiveDateTime};
use serde_json::Value;

use super::schema::{Checker, Violation, Violations};
use super::{
    JobData, JobKind, JobMessage, JobState, LoadedJob, LogReference, Machine, MessageResult, Platform, ids,
};
use crate::monitor::Metric;

/// Longest owner that is stored as it is; a longer one is cut to one character less.
const OWNER_LENGTH: usize = 50;

static SCHEMA: LazyLock<Checker> = LazyLock::new(|| {
    // The schema is a constant of the program, and every test of this module compiles it.
    #[expect(clippy::unwrap_used, reason = "see above")]
    Checker::of::<JobMessage>().unwrap()
});

/// Says which job was refused and why; trying again cannot help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("job {task_id:?}: {violations}")]
pub struct InvalidJob {
    /// `taskId` of the message (task and run), empty when it has none.
    pub task_id: String,
    /// What is wrong, with JSON pointers into the message.
    pub violations: Violations,
}

/// Transforms a job message into the job as stored.
///
/// Whether repository and push exist is for the storage to find out.
///
/// # Errors
/// [`InvalidJob`] when the message has no owner, violates the schema or has a time that is none.
pub fn load(mut message: JobMessage) -> Result<LoadedJob, InvalidJob> {
    if let Some(owner) = &mut message.owner {
        cut_owner(owner);
    }
    // A structure of strings, numbers and maps with text keys always has a JSON form.
    let value = serde_json::to_value(&message).unwrap_or_default();
    let start = Instant::now();
    let checked = check(&value);
    Metric::ProcessJobValidate.record(&[], start.elapsed(), 1);
    checked?;
    let start = Instant::now();
    let transformed = transform(message);
    Metric::ProcessJobTransform.record(&[], start.elapsed(), 1);
    transformed
}

/// Does the same as [`load`] for a message that came as JSON, such as one submitted over HTTP.
///
/// # Errors
/// As for [`load`].
pub fn load_json(value: Value) -> Result<LoadedJob, InvalidJob> {
    transform(read(value)?)
}

/// Reads and validates a job message.
///
/// # Errors
/// [`InvalidJob`] when the message has no owner or violates the schema.
pub fn read(mut value: Value) -> Result<JobMessage, InvalidJob> {
    if let Some(Value::String(owner)) = value.get_mut("owner") {
        cut_owner(owner);
    }
    check(&value)?;
    let task_id = task_id_of(&value);
    serde_json::from_value(value).map_err(|error| InvalidJob {
        task_id,
        // The schema is generated from the type, so that this says more than the schema could.
        violations: Violation::new("", format!("cannot be read: {error}")).into(),
    })
}

fn check(value: &Value) -> Result<(), InvalidJob> {
    let mut result = SCHEMA.check(value, "");
    if result.is_ok() && value.get("owner").is_none() {
        result = Err(Violation::new("/owner", "is missing").into());
    }
    result.map_err(|violations| InvalidJob { task_id: task_id_of(value), violations })
}

fn task_id_of(value: &Value) -> String {
    value.get("taskId").and_then(Value::as_str).unwrap_or_default().chars().take(100).collect()
}

fn cut_owner(owner: &mut String) {
    if owner.len() > OWNER_LENGTH && owner.chars().count() > OWNER_LENGTH {
        let end = owner.char_indices().nth(OWNER_LENGTH - 1).map_or(owner.len(), |(end, _)| end);
        owner.truncate(end);
    }
}

fn transform(message: JobMessage) -> Result<LoadedJob, InvalidJob> {
    let time = |pointer: &str, text: &Option<String>| {
        text.as_deref().map(|text| epoch_seconds(pointer, text)).transpose().map_err(|violation| InvalidJob {
            task_id: message.task_id.clone(),
            violations: violation.into(),
        })
    };
    let submit_timestamp = time("/timeScheduled", &message.time_scheduled)?;
    let start_timestamp = time("/timeStarted", &message.time_started)?;
    let end_timestamp = time("/timeCompleted", &message.time_completed)?;

    let unknown = || "unknown".to_owned();
    let result = result_text(&message).to_owned();
    let (taskcluster_task_id, taskcluster_retry_id) = ids::task_of_guid(&message.task_id).unzip();
    let mut job_symbol = message.display.job_symbol;
    if let Some(chunk) = message.display.chunk_id {
        job_symbol.push_str(&chunk.to_string());
    }
    let links = message.job_info.map(|info| info.links).unwrap_or_default();
    let perfherder_data_references = links
        .iter()
        .filter(|link| link.url.contains("perfherder-data") && link.url.ends_with(".json"))
        .map(|link| pending(link.link_text.clone(), link.url.clone()))
        .collect();
    let logs = message.logs.unwrap_or_default().into_iter().map(|log| pending(log.name, log.url));
    let error_summaries = links
        .into_iter()
        .filter(|link| link.link_text.ends_with("_errorsummary.log"))
        .map(|link| pending("errorsummary_json".to_owned(), link.url));
    let log_references = logs.chain(error_summaries).collect();

    let (build_machine, run_machine) = (message.build_machine, message.run_machine);
    let build_platform = build_machine.as_ref().or(run_machine.as_ref()).map(platform);
    let machine_platform = run_machine.as_ref().or(build_machine.as_ref()).map(platform);
    let name_of = |machine: Option<Machine>| machine.and_then(|machine| machine.name);
    let machine = name_of(build_machine).or_else(|| name_of(run_machine)).unwrap_or_else(unknown);

    Ok(LoadedJob {
        repository: message.origin.project,
        revision: message.origin.revision,
        superseded: message.coalesced,
        job: JobData {
            job_guid: message.task_id,
            name: message.display.job_name,
            job_symbol,
            group_name: message.display.group_name.unwrap_or_else(unknown),
            group_symbol: message.display.group_symbol,
            product_name: message.product_name.unwrap_or_else(unknown),
            state: message.state.as_str().to_owned(),
            result,
            reason: message.reason.unwrap_or_else(unknown),
            who: message.owner.unwrap_or_else(unknown),
            build_system_type: message.build_system,
            tier: message.tier.unwrap_or(1),
            machine,
            option_collection: message.labels.into_iter().map(|label| (label, true)).collect(),
            log_references,
            perfherder_data_references,
            submit_timestamp,
            start_timestamp,
            end_timestamp,
            build_platform,
            machine_platform,
            taskcluster_task_id,
            taskcluster_retry_id,
        },
    })
}

/// Names the result as stored: only completed jobs have one, and failures of tests differ from others (§4.8).
fn result_text(message: &JobMessage) -> &'static str {
    if message.state != JobState::Completed {
        return "unknown";
    }
    if message.is_retried {
        return "retry";
    }
    match message.result.unwrap_or(MessageResult::Unknown) {
        MessageResult::Success => "success",
        MessageResult::Fail if message.job_kind == JobKind::Test => "testfailed",
        MessageResult::Fail => "busted",
        MessageResult::Exception => "exception",
        MessageResult::Retry => "retry",
        MessageResult::Canceled => "usercancel",
        MessageResult::Superseded => "superseded",
        MessageResult::Unknown => "unknown",
    }
}

fn platform(machine: &Machine) -> Platform {
    Platform {
        platform: machine.platform.clone(),
        os_name: machine.os.clone(),
        architecture: machine.architecture.clone(),
    }
}

fn pending(name: String, url: String) -> LogReference {
    LogReference { name, url, parse_status: "pending".to_owned() }
}

/// Reads an ISO 8601 time as seconds since the epoch, without the fraction; a time without zone is UTC.
fn epoch_seconds(pointer: &str, text: &str) -> Result<i64, Violation> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|time| time.timestamp())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc().timestamp())
        })
        .map_err(|_| Violation::new(pointer, format!("is {text:?}, not an ISO 8601 time")))
}
