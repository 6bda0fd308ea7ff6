//! A job message as its columns: defaults, truncation, limits, hashes (`spec/ingest.md` §4.9.3, §4.9.4).

use chrono::{DateTime, Utc};
use sha1::{Digest as _, Sha1};

use super::outcome::LogKind;
use super::plan::COMPLETED;
use super::reference::Key;
use crate::job::{JobData, LoadedJob, LogReference, LogStatus, Platform, ids::option_collection_hash};
use crate::store::error::{DataError, check_positive, check_text, truncated};

/// What stands for a text that is missing.
const UNKNOWN: &str = "unknown";

/// A job message, checked and normalised.
#[derive(Debug)]
pub(super) struct PreparedJob<'message> {
    pub(super) message: &'message LoadedJob,
    pub(super) guid: &'message str,
    pub(super) who: &'message str,
    pub(super) reason: &'message str,
    pub(super) result: &'message str,
    pub(super) state: &'message str,
    pub(super) tier: i32,
    pub(super) submit_time: DateTime<Utc>,
    /// Whether the message does not say when the job was scheduled, so that the time above is a guess.
    pub(super) is_submit_time_guessed: bool,
    pub(super) start_time: DateTime<Utc>,
    pub(super) end_time: DateTime<Utc>,
    pub(super) options: Vec<&'message str>,
    pub(super) option_collection_hash: String,
    pub(super) build_platform: Key,
    pub(super) machine_platform: Key,
    pub(super) machine: Key,
    pub(super) job_group: Key,
    pub(super) job_type: Key,
    pub(super) product: Key,
    /// Key of the row in `reference_data_signatures`.
    pub(super) signature: Key,
    /// Slug of the task and run number.
    pub(super) taskcluster: Option<(&'message str, i32)>,
    pub(super) logs: Vec<PreparedLog<'message>>,
}

/// A log reference, cut to its columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct PreparedLog<'message> {
    pub(super) kind: LogKind,
    pub(super) name: &'message str,
    pub(super) url: &'message str,
    pub(super) status: LogStatus,
}

impl<'message> PreparedJob<'message> {
    /// Checks a message. `arrival` is given for messages whose missing times are to be guessed, as seconds since the epoch.
    pub(super) fn new(message: &'message LoadedJob, arrival: Option<i64>) -> Result<Self, DataError> {
        let job = &message.job;
        let build_platform = platform("build_platform", job.build_platform.as_ref())?;
        let machine_platform = platform("machine_platform", job.machine_platform.as_ref())?;
        let job_group = name_and_symbol("job_group", 255, &job.group_name, &job.group_symbol)?;
        let job_type = name_and_symbol("job_type", 140, &job.name, &job.job_symbol)?;
        let build_system_type =
            if job.build_system_type.is_empty() { "buildbot" } else { job.build_system_type.as_str() };
        check_text("reference_data_signatures", "build_system_type", 25, build_system_type)?;
        let options: Vec<&str> = job.option_collection.keys().map(String::as_str).collect();
        for option in &options {
            check_text("option", "name", 100, option)?;
        }
        let option_collection_hash = option_collection_hash(options.iter().copied());
        let signature = signature_hash(&[
            build_system_type,
            &message.repository,
            &build_platform[0],
            &build_platform[1],
            &build_platform[2],
            &machine_platform[0],
            &machine_platform[1],
            &machine_platform[2],
            &job_group[0],
            &job_group[1],
            &job_type[0],
            &job_type[1],
            &option_collection_hash,
        ]);
        let taskcluster = match (&job.taskcluster_task_id, job.taskcluster_retry_id) {
            (Some(task_id), Some(retry_id)) => {
                check_text("taskcluster_metadata", "task_id", 22, task_id)?;
                Some((task_id.as_str(), check_positive("taskcluster_metadata", "retry_id", retry_id)?))
            }
            _ => None,
        };
        let result = or_unknown(&job.result);
        check_text("job", "result", 25, result)?;
        let tier = if job.tier == 0 { 1 } else { job.tier };
        Ok(Self {
            guid: cut("job", "guid", 50, &job.job_guid)?,
            who: cut("job", "who", 50, &job.who)?,
            reason: cut("job", "reason", 125, &job.reason)?,
            state: cut("job", "state", 25, &job.state)?,
            result,
            tier: check_positive("job", "tier", tier)?,
            submit_time: time(job.submit_timestamp.or_else(|| guessed_submit(job, arrival?))),
            is_submit_time_guessed: job.submit_timestamp.is_none() && arrival.is_some(),
            start_time: time(job.start_timestamp),
            end_time: time(job.end_timestamp.or_else(|| guessed_end(job, arrival?))),
            options,
            machine: name("machine", &job.machine)?,
            product: name("product", &job.product_name)?,
            signature: vec![
                signature.clone(),
                signature,
                build_system_type.to_owned(),
                message.repository.clone(),
            ],
            option_collection_hash,
            build_platform,
            machine_platform,
            job_group,
            job_type,
            taskcluster,
            logs: logs(message)?,
            message,
        })
    }

    /// The guid without the suffix that old retries carry: what stands before the first `_`.
    pub(super) fn root_guid(&self) -> &'message str {
        self.guid.split_once('_').map_or(self.guid, |(root, _)| root)
    }
}

/// When a job was scheduled at the latest, by the other times of its message or else by the message's arrival.
fn guessed_submit(job: &JobData, arrival: i64) -> Option<i64> {
    job.start_timestamp.into_iter().chain(job.end_timestamp).min().or(Some(arrival))
}

/// When a job had ended at the latest: it would seem to run on for ever if this were left open.
fn guessed_end(job: &JobData, arrival: i64) -> Option<i64> {
    (job.state == COMPLETED).then(|| arrival.max(job.start_timestamp.unwrap_or(arrival)))
}

fn logs(message: &LoadedJob) -> Result<Vec<PreparedLog<'_>>, DataError> {
    let logs = message.job.log_references.iter().map(|log| (LogKind::Log, log));
    let artifacts = message.job.perfherder_data_references.iter().map(|log| (LogKind::Perfherder, log));
    logs.chain(artifacts).map(|(kind, log)| prepare_log(kind, log)).collect()
}

fn prepare_log(kind: LogKind, log: &LogReference) -> Result<PreparedLog<'_>, DataError> {
    Ok(PreparedLog {
        kind,
        name: cut("job_log", "name", 50, &log.name)?,
        url: cut("job_log", "url", 255, &log.url)?,
        status: LogStatus::from_text(&log.parse_status),
    })
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { UNKNOWN } else { text }
}

/// A text that is cut to its column instead of being refused.
fn cut<'text>(
    table: &'static str,
    column: &'static str,
    limit: usize,
    text: &'text str,
) -> Result<&'text str, DataError> {
    let text = truncated(or_unknown(text), limit);
    check_text(table, column, limit, text)?;
    Ok(text)
}

fn name(table: &'static str, text: &str) -> Result<Key, DataError> {
    let text = or_unknown(text);
    check_text(table, "name", 100, text)?;
    Ok(vec![text.to_owned()])
}

fn name_and_symbol(
    table: &'static str,
    name_limit: usize,
    name: &str,
    symbol: &str,
) -> Result<Key, DataError> {
    let (name, symbol) = (or_unknown(name), or_unknown(symbol));
    check_text(table, "name", name_limit, name)?;
    check_text(table, "symbol", 25, symbol)?;
    Ok(vec![name.to_owned(), symbol.to_owned()])
}

/// Operating system, platform and architecture.
fn platform(table: &'static str, platform: Option<&Platform>) -> Result<Key, DataError> {
    let Some(platform) = platform else { return Ok(vec![UNKNOWN.to_owned(); 3]) };
    check_text(table, "os_name", 25, &platform.os_name)?;
    check_text(table, "platform", 100, &platform.platform)?;
    check_text(table, "architecture", 25, &platform.architecture)?;
    Ok(vec![platform.os_name.clone(), platform.platform.clone(), platform.architecture.clone()])
}

/// The reference data signature. Jobs of Taskcluster have no reference data name; `None` stands for it, as upstream
/// writes it.
fn signature_hash(parts: &[&str]) -> String {
    let mut hasher = Sha1::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.update("None");
    format!("{:x}", hasher.finalize())
}

/// A time that is missing, or outside of the years 1 to 9999, becomes the epoch.
fn time(seconds: Option<i64>) -> DateTime<Utc> {
    const YEARS_1_TO_9999: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
    seconds
        .filter(|seconds| YEARS_1_TO_9999.contains(seconds))
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .unwrap_or_default()
}
