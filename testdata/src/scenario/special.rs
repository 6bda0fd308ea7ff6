//! What is out of the ordinary: each case once in the burst, one per push afterwards.

/// A task, or a message about it, that takes an unusual way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Special {
    /// Run 0 ends as its worker shuts down; run 1 succeeds.
    Retried,
    /// Canceled while pending.
    CanceledPending,
    /// Canceled before any run: its only run was created as an exception, so the job stays unscheduled.
    CanceledUnscheduled,
    /// Superseded.
    Superseded,
    /// The worker failed.
    Exception,
    /// Still running at the end of the burst.
    StillRunning,
    /// Still pending at the end of the burst.
    StillPending,
    /// Still waiting for its dependencies at the end of the burst.
    StillUnscheduled,
    /// Tier 2.
    Tier2,
    /// Tier 3.
    Tier3,
    /// The log is gone: 404.
    LogNotFound,
    /// The log is forbidden: 403.
    LogForbidden,
    /// The log comes at the third attempt; two answers are 500.
    LogServerError,
    /// The gzip stream of the log ends early.
    LogTruncated,
    /// The gzip stream of the log is damaged.
    LogCorrupt,
    /// The log is not compressed.
    LogPlain,
    /// The log has no byte.
    LogEmpty,
    /// The log has several gzip members.
    LogMultiMember,
    /// Thousands of failures in the log.
    LogStorm,
    /// 1,300 artifacts, the interesting ones on the last page.
    ManyArtifacts,
    /// The error summary is gone: 404.
    SummaryNotFound,
    /// A line of the error summary is not JSON.
    SummaryBroken,
    /// The error summary has more lines than are read.
    SummaryLong,
    /// A perfherder artifact breaks the schema.
    PerfInvalid,
    /// `extra.treeherder` breaks the schema: no job.
    InvalidTreeherder,
    /// The task has no Treeherder route: no job.
    NoRoute,
    /// The route names a project that does not exist: no job.
    UnknownProject,
    /// One more message about the task comes from an exchange that nobody knows.
    UnknownExchange,
    /// One more message about the task is not JSON.
    MalformedBody,
    /// The first message about the task comes before its push.
    BeforePush,
    /// The last message comes twice.
    DeliveredTwice,
    /// A message about the pending state comes after the end.
    LatePending,
}

impl Special {
    /// Every case.
    pub const ALL: [Self; 32] = [
        Self::Retried,
        Self::CanceledPending,
        Self::CanceledUnscheduled,
        Self::Superseded,
        Self::Exception,
        Self::StillRunning,
        Self::StillPending,
        Self::StillUnscheduled,
        Self::Tier2,
        Self::Tier3,
        Self::LogNotFound,
        Self::LogForbidden,
        Self::LogServerError,
        Self::LogTruncated,
        Self::LogCorrupt,
        Self::LogPlain,
        Self::LogEmpty,
        Self::LogMultiMember,
        Self::LogStorm,
        Self::ManyArtifacts,
        Self::SummaryNotFound,
        Self::SummaryBroken,
        Self::SummaryLong,
        Self::PerfInvalid,
        Self::InvalidTreeherder,
        Self::NoRoute,
        Self::UnknownProject,
        Self::UnknownExchange,
        Self::MalformedBody,
        Self::BeforePush,
        Self::DeliveredTwice,
        Self::LatePending,
    ];

    /// The first task of a push that may be special; those before it are the decision task, builds and checks.
    const FIRST: u32 = 7;
    const PER_PUSH: u32 = 7;

    /// Says what is special about a task of the burst or of the continuation.
    pub(crate) fn of_task(push: u32, task: u16, burst: u32) -> Option<Self> {
        let slot = u32::from(task).checked_sub(Self::FIRST)?;
        let at = if push < burst {
            if slot >= Self::PER_PUSH {
                return None;
            }
            push * Self::PER_PUSH + slot
        } else {
            // One per push; those that leave a job unfinished would pile up.
            if slot != 2 {
                return None;
            }
            (push - burst) * 5 % Self::ALL.len() as u32
        };
        let special = Self::ALL.get(at as usize).copied()?;
        let unfinished = matches!(special, Self::StillRunning | Self::StillPending | Self::StillUnscheduled);
        (push < burst || !unfinished).then_some(special)
    }

    /// Says whether the case gives the task no job at all.
    pub fn hides_job(self) -> bool {
        matches!(self, Self::InvalidTreeherder | Self::NoRoute | Self::UnknownProject)
    }

    /// Says whether the case needs a task that ran to its end with a log and artifacts.
    pub(crate) fn needs_failure(self) -> bool {
        matches!(
            self,
            Self::LogNotFound
                | Self::LogForbidden
                | Self::LogServerError
                | Self::LogTruncated
                | Self::LogCorrupt
                | Self::LogPlain
                | Self::LogMultiMember
                | Self::LogStorm
                | Self::ManyArtifacts
                | Self::SummaryNotFound
                | Self::SummaryBroken
                | Self::SummaryLong
        )
    }
}
