//! Job states and which change of state is accepted (`spec/ingest.md` §4.9.1).

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names the stage of its life a job is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Defined, its dependencies are not resolved yet.
    Unscheduled,
    /// Waits for a worker.
    Pending,
    /// Runs on a worker.
    Running,
    /// Over, whatever the result.
    Completed,
}

impl JobState {
    /// Lists all states in the order of a job's life.
    pub const ALL: [Self; 4] = [Self::Unscheduled, Self::Pending, Self::Running, Self::Completed];

    /// Returns the state as stored and as written in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Says that a text is no job state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a job state (unscheduled, pending, running or completed)")]
pub struct UnknownJobState(pub String);

impl FromStr for JobState {
    type Err = UnknownJobState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownJobState(text.to_owned()))
    }
}

/// Decides whether a job message with state `incoming` is stored over a job in state `stored` (§4.9.1).
///
/// `None` means that no job with the same guid is stored. A completed job is immutable; a job never goes
/// back to an earlier state; the same non-completed state again is processed again, which changes nothing
/// because every effect is idempotent.
pub fn accepts(stored: Option<JobState>, incoming: JobState) -> bool {
    match stored {
        None | Some(JobState::Unscheduled) => true,
        Some(JobState::Pending) => incoming != JobState::Unscheduled,
        Some(JobState::Running) => matches!(incoming, JobState::Running | JobState::Completed),
        Some(JobState::Completed) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::JobState::{Completed, Pending, Running, Unscheduled};
    use super::{JobState, accepts};

    #[test]
    fn every_ordered_pair_follows_the_table() {
        let table = [
            (None, Unscheduled, true),
            (None, Pending, true),
            (None, Running, true),
            (None, Completed, true),
            (Some(Unscheduled), Unscheduled, true),
            (Some(Unscheduled), Pending, true),
            (Some(Unscheduled), Running, true),
            (Some(Unscheduled), Completed, true),
            (Some(Pending), Unscheduled, false),
            (Some(Pending), Pending, true),
            (Some(Pending), Running, true),
            (Some(Pending), Completed, true),
            (Some(Running), Unscheduled, false),
            (Some(Running), Pending, false),
            (Some(Running), Running, true),
            (Some(Running), Completed, true),
            (Some(Completed), Unscheduled, false),
            (Some(Completed), Pending, false),
            (Some(Completed), Running, false),
            (Some(Completed), Completed, false),
        ];
        for (stored, incoming, expected) in table {
            assert_eq!(accepts(stored, incoming), expected, "{stored:?} then {incoming}");
        }
    }

    #[test]
    fn states_survive_the_way_through_text() {
        for state in JobState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("Pending".parse::<JobState>().is_err());
    }
}
