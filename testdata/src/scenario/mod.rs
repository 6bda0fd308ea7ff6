//! A stream of Pulse messages as a CI system sends them, with everything behind them and the expected outcome.
//!
//! A [`Scenario`] begins with a burst of pushes whose tasks run through their lives in a short time; after it,
//! [`Scenario::continue_from`] goes on without end at the pace of a working day. Everything is made from the
//! seed and the number of the push, so nothing is stored and any part can be made again: the stand-in serves
//! what the messages name from their ids alone.

mod artifacts;
mod continuation;
mod definition;
mod delivery;
mod events;
mod expected;
pub mod ids;
mod life;
mod message;
mod push;
mod push_message;
mod repository;
mod special;
mod suites;
mod task;
mod urls;

pub use artifacts::{Artifact, ArtifactBody};
pub use continuation::Continuation;
pub use delivery::Delivery;
pub use expected::Expected;
pub use life::{Outcome, Run};
pub use message::Message;
pub use push::{Commit, Push};
pub use repository::{REPOSITORIES, Repository, Source};
pub use special::Special;
pub use suites::JobKind;
pub use task::{LogPlan, Task};
pub use urls::Urls;

/// How many tasks a push of a scaled scenario has.
const SCALED_TASKS_PER_PUSH: u32 = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Demo,
    Small,
    Scaled(u32),
}

/// A made-up stretch of CI history.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    seed: u64,
    size: Size,
    /// Milliseconds since the epoch at which the burst ends.
    base_ms: i64,
}

impl Scenario {
    /// Ten pushes with sixty tasks each, logs of 10 kB to 50 MB (about 300 MB in all), every [`Special`].
    pub fn demo() -> Self {
        Self { seed: 20_260_302, size: Size::Demo, base_ms: 1_772_442_000_000 }
    }

    /// Five pushes with fourteen tasks each, small logs, every [`Special`]: for tests.
    pub fn small() -> Self {
        Self { size: Size::Small, ..Self::demo() }
    }

    /// `tasks` tasks with one message each, logs of 1.4 MB and an error summary for each, nothing special: for
    /// measurements. The logs are few different ones, so that serving them costs little.
    pub fn scaled(tasks: u32) -> Self {
        Self { size: Size::Scaled(tasks.max(1)), ..Self::demo() }
    }

    /// Takes another seed: other names, ids and numbers.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Moves the scenario in time: the burst ends, and the continuation begins, at this moment.
    #[must_use]
    pub fn with_base_time(mut self, epoch_ms: i64) -> Self {
        self.base_ms = epoch_ms;
        self
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the number of pushes of the burst.
    pub fn pushes(&self) -> u32 {
        match self.size {
            Size::Demo => 10,
            Size::Small => 5,
            Size::Scaled(tasks) => tasks.div_ceil(SCALED_TASKS_PER_PUSH),
        }
    }

    /// Returns how long the replay of the burst takes, in seconds.
    pub fn burst_seconds(&self) -> f64 {
        match self.size {
            Size::Demo => 30.0,
            Size::Small => 2.0,
            Size::Scaled(_) => 1.0,
        }
    }

    /// The burst tells the story of four hours.
    fn burst_stretch(&self) -> f64 {
        4.0 * 3600.0 / self.burst_seconds()
    }

    /// The time, in seconds since the epoch, that a message sent `at` seconds after the start speaks of.
    fn time_at(&self, at: f64, stretch: f64) -> f64 {
        self.base_ms as f64 / 1000.0 + (at - self.burst_seconds()) * stretch
    }

    fn is_scaled(&self) -> bool {
        matches!(self.size, Size::Scaled(_))
    }
}
