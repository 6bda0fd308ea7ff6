//! What became of a work item.

use crate::bugzilla::{BugUpdate, SecurityGroupUpdate};
use crate::cycle::{RemovedData, RemovedJobs};
use crate::job::LogStatus;
use crate::push::PushOutcome;
use crate::store::JobStatus;
use crate::store::failures::StoredErrorSummary;
use crate::store::performance::StoredPerformance;
use crate::store::read::IngestedCounts;

/// What became of a work item that did not fail.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Handled {
    /// A task event became a job.
    #[non_exhaustive]
    Job {
        /// Guid of the job.
        guid: String,
        /// Whether it changed the job.
        status: JobStatus,
        /// Work items published to parse its logs.
        parse_items: usize,
    },
    /// A message was dropped on purpose.
    #[non_exhaustive]
    Dropped {
        /// Why: a label of [`DropReason`](crate::task::DropReason), or `invalid-job`, `unknown-repository`,
        /// `inactive-repository`.
        reason: &'static str,
    },
    /// A push message was processed.
    Push(PushOutcome),
    /// A classification by mozci was acknowledged: storing it is switched off, as upstream has it.
    Classification,
    /// Logs or artifacts of a job were looked at, in the order of their ids.
    Logs(Vec<LogOutcome>),
    /// Polls were queued.
    #[non_exhaustive]
    PollsQueued {
        /// How many.
        polls: usize,
    },
    /// A pushlog was polled.
    #[non_exhaustive]
    Polled {
        /// Head of the newest push that has changesets.
        revision: Option<String>,
    },
    /// Live readers were told how many failures nobody has classified.
    #[non_exhaustive]
    UnclassifiedTold {
        /// Of how many repositories.
        repositories: usize,
    },
    /// What was ingested lately was counted.
    Counted(IngestedCounts),
    /// The copy of Bugzilla's bugs was brought up to date.
    BugsUpdated(BugUpdate),
    /// The copy of Bugzilla's security groups was brought up to date.
    SecurityGroupsUpdated(SecurityGroupUpdate),
    /// The changelog was brought up to date.
    #[non_exhaustive]
    ChangelogUpdated {
        /// Entries that are new.
        entries: usize,
    },
    /// What is too old was removed, or a part of it.
    Cycled(RemovedJobs, RemovedData),
}

/// What became of one log of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct LogOutcome {
    /// Which log.
    pub job_log_id: i32,
    /// What became of it.
    pub result: LogResult,
}

/// What became of a log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LogResult {
    /// Nothing to do: it has this status already, or a name that this task does not parse.
    Skipped(LogStatus),
    /// A raw log is parsed and stored.
    #[non_exhaustive]
    Parsed {
        /// Failure lines found.
        failure_lines: usize,
        /// Lines in the log.
        lines: u64,
        /// Bytes of the decoded log.
        bytes: u64,
        /// The compressed log ended early; what came is stored (§5.3).
        truncated: bool,
        /// Performance data stored; nothing unless text logs are allowed to bring some (§6.3).
        performance: Vec<StoredPerformance>,
    },
    /// An error summary is stored.
    ErrorSummary(StoredErrorSummary),
    /// Performance data is stored. Its series to be looked at for changes are told, not queued: change detection
    /// is not part of this version, and items that nobody handles would only pile up.
    Performance(StoredPerformance),
    /// The file is empty; its status stays.
    Empty,
    /// It cannot be had or used, and trying again cannot help.
    #[non_exhaustive]
    Failed {
        /// The status it got.
        status: LogStatus,
        /// Why.
        error: String,
    },
}
