//! The life of a task: its runs and what becomes of them.

use super::special::Special;
use super::suites::{Duty, JobKind};
use crate::rng::Rng;

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nobody has claimed it.
    Pending,
    /// It goes on.
    Running,
    /// It succeeded.
    Completed,
    /// It failed.
    Failed,
    /// Someone canceled it.
    Canceled,
    /// A later task replaced it.
    Superseded,
    /// The worker failed.
    Exception,
    /// The worker shut down; the next run takes over.
    WorkerShutdown,
}

/// One run of a task. Times are seconds after the push, at the pace of real jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Number of the run.
    pub id: u16,
    /// `scheduled`, `retry` or `exception`.
    pub reason_created: &'static str,
    /// What becomes of it.
    pub outcome: Outcome,
    /// When it was created.
    pub scheduled: f64,
    /// When a worker claimed it.
    pub started: Option<f64>,
    /// When it ended.
    pub resolved: Option<f64>,
    /// Name of the machine.
    pub worker: String,
}

impl Run {
    /// Returns `reasonResolved` of the ended run.
    pub fn reason_resolved(&self) -> &'static str {
        match self.outcome {
            Outcome::Pending | Outcome::Running => "",
            Outcome::Completed => "completed",
            Outcome::Failed => "failed",
            Outcome::Canceled => "canceled",
            Outcome::Superseded => "superseded",
            Outcome::Exception => "internal-error",
            Outcome::WorkerShutdown => "worker-shutdown",
        }
    }

    /// Returns the state of the ended run.
    pub fn final_state(&self) -> &'static str {
        match self.outcome {
            Outcome::Pending => "pending",
            Outcome::Running => "running",
            Outcome::Completed => "completed",
            Outcome::Failed => "failed",
            _ => "exception",
        }
    }

    /// Returns the state and result of the job, or nothing when no job follows from the run
    /// (`spec/ingest.md` §4.6, §4.8).
    pub fn job(&self, kind: JobKind) -> Option<(&'static str, &'static str)> {
        if self.reason_created == "exception" {
            return None;
        }
        Some(match self.outcome {
            Outcome::Pending => ("pending", "unknown"),
            Outcome::Running => ("running", "unknown"),
            Outcome::Completed => ("completed", "success"),
            Outcome::Failed if kind == JobKind::Test => ("completed", "testfailed"),
            Outcome::Failed => ("completed", "busted"),
            Outcome::Canceled => ("completed", "usercancel"),
            Outcome::Superseded => ("completed", "superseded"),
            Outcome::Exception => ("completed", "exception"),
            Outcome::WorkerShutdown => ("completed", "retry"),
        })
    }

    /// Says whether the run left a log and artifacts.
    pub fn has_artifacts(&self) -> bool {
        matches!(self.outcome, Outcome::Completed | Outcome::Failed)
    }
}

/// Makes the runs of a task.
pub(crate) fn runs(
    duty: &Duty,
    special: Option<Special>,
    fails: bool,
    created: f64,
    rng: &mut Rng,
) -> Vec<Run> {
    let wait = match duty.suite.kind {
        // Tests wait for the builds.
        JobKind::Test => 1300 + rng.below(400),
        JobKind::Build => 140 + rng.below(60),
        JobKind::Other => 5 + rng.below(30),
    };
    let mut runs = Vec::new();
    let mut at = created + wait as f64;
    let mut add = |reason, outcome, at: &mut f64, rng: &mut Rng| {
        let scheduled = *at;
        let claimed = scheduled + 20.0 + rng.below(180) as f64;
        let seconds = duty.suite.seconds;
        let ended = claimed + rng.range(seconds / 2, seconds * 3 / 2) as f64;
        let never_started = reason == "exception" || matches!(outcome, Outcome::Pending | Outcome::Canceled);
        *at = ended;
        runs.push(Run {
            id: runs.len() as u16,
            reason_created: reason,
            outcome,
            scheduled,
            started: (!never_started).then_some(claimed),
            resolved: (!matches!(outcome, Outcome::Pending | Outcome::Running)).then_some(ended),
            worker: format!("demo-{}-{:03}", duty.suite.kind.name(), rng.below(400)),
        });
    };
    let end = if fails { Outcome::Failed } else { Outcome::Completed };
    match special {
        Some(Special::StillUnscheduled) => {}
        Some(Special::StillPending) => add("scheduled", Outcome::Pending, &mut at, rng),
        Some(Special::StillRunning) => add("scheduled", Outcome::Running, &mut at, rng),
        Some(Special::CanceledPending) => add("scheduled", Outcome::Canceled, &mut at, rng),
        Some(Special::CanceledUnscheduled) => add("exception", Outcome::Canceled, &mut at, rng),
        Some(Special::Superseded) => add("scheduled", Outcome::Superseded, &mut at, rng),
        Some(Special::Exception) => add("scheduled", Outcome::Exception, &mut at, rng),
        Some(Special::Retried) => {
            add("scheduled", Outcome::WorkerShutdown, &mut at, rng);
            add("retry", Outcome::Completed, &mut at, rng);
        }
        _ => add("scheduled", end, &mut at, rng),
    }
    runs
}
