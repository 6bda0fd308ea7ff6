//! What became of each job message of a batch.

use crate::job::LogStatus;
use crate::store::error::DataError;

/// What became of one job message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobOutcome {
    /// What happened.
    pub status: JobStatus,
    /// Guid of the job, as stored.
    pub guid: String,
    /// Name of the repository.
    pub repository: String,
    /// Id of the job's row, if it has one.
    pub job_id: Option<i64>,
    /// State of the job as stored now; the message's if it has no row.
    pub state: String,
    /// Result of the job as stored now; the message's if it has no row.
    pub result: String,
    /// The stored logs that the message refers to, in its order. They are there even when the job itself was ignored as
    /// completed already: the message may be a second delivery whose first one failed between storing and scheduling.
    pub logs: Vec<StoredLog>,
}

/// What happened to a job message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Stored as a new job.
    Created,
    /// Stored over the job that was there.
    Updated,
    /// Not stored: the job has come further already (§4.9.1).
    Ignored,
    /// Not stored: the repository has no such push (yet).
    MissingPush,
    /// Not stored: the abbreviated revision fits several pushes.
    AmbiguousPush,
    /// Not stored: no such repository.
    UnknownRepository,
    /// Not stored: the repository is on hold.
    InactiveRepository,
    /// Not stored: a value does not fit its column.
    Rejected(DataError),
}

impl JobStatus {
    /// Tells whether the message changed the job.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Created | Self::Updated)
    }
}

/// A stored log that a job message refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLog {
    /// Id of the `job_log` row.
    pub id: i32,
    /// Which of the message's lists names it.
    pub kind: LogKind,
    /// Name, as stored.
    pub name: String,
    /// Where to fetch it, as stored.
    pub url: String,
    /// How far its parsing has come.
    pub status: LogStatus,
}

/// Which list of a job message a log comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// `log_references`: logs and error summaries.
    Log,
    /// `perfherder_data_references`: Perfherder artifacts.
    Perfherder,
}
