//! Tasks: what they are, how they ran and what they left.

use super::delivery::Delivery;
use super::life::{self, Outcome, Run};
use super::push::Push;
use super::special::Special;
use super::suites::{Duty, FIRST_TEST, JobKind};
use super::{Scenario, Size, ids};
use crate::errorsummary::SummarySpec;
use crate::logs::{Decoy, LogSpec, PerfLine, Plant, Preset};
use crate::perf::{PerfDefect, PerfSpec};
use crate::rng::{Rng, mix};

/// A log and the way it is delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPlan {
    /// What is in it.
    pub spec: LogSpec,
    /// How it comes.
    pub delivery: Delivery,
}

/// One task of a push.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Number of its push.
    pub push: u32,
    /// Number within its push.
    pub index: u16,
    /// Slug.
    pub id: String,
    /// `metadata.name`.
    pub name: String,
    /// `extra.treeherder.symbol`.
    pub symbol: String,
    /// `groupSymbol` and `groupName`.
    pub group: Option<(&'static str, &'static str)>,
    /// `jobKind`.
    pub kind: JobKind,
    /// `machine.platform`.
    pub platform: &'static str,
    /// The only key of `collection`.
    pub option: &'static str,
    /// `tier`.
    pub tier: u8,
    /// When it was defined, in seconds after the push, at the pace of real jobs.
    pub created: f64,
    /// Its runs.
    pub runs: Vec<Run>,
    /// The log of the last run, if that ran to its end.
    pub log: Option<LogPlan>,
    /// The log of the last run while it goes on, and the bytes it grows by in a second.
    pub live: Option<(LogSpec, u32)>,
    /// Its error summary.
    pub summary: Option<(SummarySpec, Delivery)>,
    /// Its perfherder artifact.
    pub perf: Option<PerfSpec>,
    /// Number of further artifacts.
    pub fillers: u16,
    /// What is out of the ordinary.
    pub special: Option<Special>,
}

impl Scenario {
    /// Makes all tasks of a push.
    pub fn tasks(&self, push: &Push) -> Vec<Task> {
        (0..push.tasks).map(|index| self.task(push, index)).collect()
    }

    /// Makes one task of a push.
    pub fn task(&self, push: &Push, index: u16) -> Task {
        let mut rng = Rng::new(mix(mix(self.seed, 0x7a5c), (u64::from(push.index) << 16) | u64::from(index)));
        let pool = rng.below(POOL);
        let (duty, special) = if self.is_scaled() {
            (Duty::of(0, FIRST_TEST + pool as u16), None)
        } else {
            (Duty::of(push.index, index), Special::of_task(push.index, index, self.pushes()))
        };
        let fails = match special {
            Some(special) => special.needs_failure(),
            None if self.is_scaled() => pool < POOL / 5,
            None => rng.chance(if duty.suite.kind == JobKind::Test { 14 } else { 5 }) && index > 0,
        };
        let created = if index == 0 { 2.0 } else { 150.0 + f64::from(index) / 10.0 };
        let runs = life::runs(&duty, special, fails, created, &mut rng);
        let mut task = Task {
            push: push.index,
            index,
            id: ids::task_id(self.seed, push.index, index),
            name: duty.task_name(),
            symbol: duty.symbol(),
            group: duty.suite.group,
            kind: duty.suite.kind,
            platform: duty.platform,
            option: duty.option,
            tier: match special {
                Some(Special::Tier2) => 2,
                Some(Special::Tier3) => 3,
                _ => 1,
            },
            created,
            runs,
            log: None,
            live: None,
            summary: None,
            perf: None,
            fillers: if special == Some(Special::ManyArtifacts) { 1300 } else { rng.below(6) as u16 },
            special,
        };
        if task.runs.last().is_some_and(Run::has_artifacts) {
            let seed = if self.is_scaled() { pool } else { rng.next_u64() };
            task.log = Some(LogPlan {
                spec: self.log_spec(push, &task, &duty, fails, seed, &mut rng),
                delivery: Delivery::of_log(special),
            });
            task.summary = summary(&duty, special, fails, seed).map(|s| (s, Delivery::of_summary(special)));
            task.perf = if special == Some(Special::PerfInvalid) {
                Some(PerfSpec { defect: Some(PerfDefect::TwoLongOptions), ..PerfSpec::new("talos", 1, 1) })
            } else if self.is_scaled() {
                None
            } else {
                duty.suite.framework.map(|framework| perf(framework, push, &duty))
            };
        }
        task.live = self.live_log(push, &task, &duty);
        task
    }

    /// A run that ends has its log as live log too, which grows as long as the run takes.
    fn live_log(&self, push: &Push, task: &Task, duty: &Duty) -> Option<(LogSpec, u32)> {
        let run = task.runs.last()?;
        let started = run.started?;
        if run.outcome == Outcome::Running {
            let mut spec = duty.failure.spec(mix(self.seed, u64::from(push.index)), 400_000);
            spec.start_ms = self.event_ms(push, started);
            return Some((spec, LIVE_RATE));
        }
        let spec = task.log.as_ref()?.spec.clone();
        let seconds = (run.resolved? - started) / push.speed;
        let rate = (spec.bytes as f64 / seconds.max(1.0)).clamp(f64::from(LIVE_RATE), 1e9) as u32;
        Some((spec, rate))
    }

    fn log_spec(
        &self,
        push: &Push,
        task: &Task,
        duty: &Duty,
        fails: bool,
        seed: u64,
        rng: &mut Rng,
    ) -> LogSpec {
        let bytes = self.log_bytes(push.index, task.index, rng);
        let preset = if task.special == Some(Special::LogStorm) { Preset::Storm } else { duty.failure };
        let mut spec = if fails { preset.spec(seed, bytes) } else { LogSpec::new(duty.profile, seed, bytes) };
        if fails && preset == Preset::Perf {
            spec.plants.insert(0, Plant::Failure(crate::logs::FailureKind::TestUnexpected));
        }
        spec.oddities.progress = true;
        spec.plants.extend([Plant::Decoy(Decoy::TestInfo), Plant::Perf(PerfLine::Valid)]);
        if matches!(task.special, Some(Special::LogTruncated)) {
            // All failures lie before the cut.
            spec.window = 40;
        }
        if !self.is_scaled() {
            let started = task.runs.last().and_then(|run| run.started).unwrap_or_default();
            spec.start_ms = self.event_ms(push, started);
        }
        spec
    }

    fn log_bytes(&self, push: u32, task: u16, rng: &mut Rng) -> u64 {
        match self.size {
            Size::Scaled(_) => 1_400_000,
            Size::Small => rng.range(20_000, 60_000),
            Size::Demo if push == 2 && task == 20 => 50_000_000,
            Size::Demo if push % 5 == 3 && task == 30 => 16_000_000,
            Size::Demo => match rng.below(100) {
                0..=69 => rng.range(10_000, 200_000),
                70..=92 => rng.range(200_000, 1_000_000),
                _ => rng.range(1_000_000, 3_000_000),
            },
        }
    }

    /// The moment of an event, `offset` seconds after its push, in milliseconds since the epoch.
    pub(crate) fn event_ms(&self, push: &Push, offset: f64) -> i64 {
        let push_time = self.time_at(push.at, push.stretch);
        ((push_time + offset / push.speed) * 1000.0) as i64
    }

    /// When the message about an event comes, in seconds after the start of the replay.
    pub(crate) fn event_at(push: &Push, offset: f64) -> f64 {
        let at = push.at + offset / push.speed / push.stretch;
        // Microseconds are enough and read better.
        (at * 1e6).round() / 1e6
    }
}

/// Bytes per second of the slowest live logs.
const LIVE_RATE: u32 = 4_000;
/// How many different logs a scaled scenario has.
const POOL: u64 = 20;

fn summary(duty: &Duty, special: Option<Special>, fails: bool, seed: u64) -> Option<SummarySpec> {
    if duty.suite.kind != JobKind::Test {
        return None;
    }
    if !fails {
        return Some(SummarySpec::passed(seed));
    }
    let mut spec = SummarySpec::failed(seed, 1 + (seed % 5) as u32);
    spec.crashes = u32::from(duty.failure == Preset::Crash);
    spec.logs = u32::from(seed % 4 == 1);
    spec.astral = seed % 8 == 3;
    spec.odd_groups = duty.profile == crate::logs::Profile::Windows;
    match special {
        Some(Special::SummaryBroken) => spec.broken_line = true,
        Some(Special::SummaryLong) => spec.results = 190,
        _ => {}
    }
    Some(spec)
}

/// The artifact of a performance test: on autoland one suite gets slower with push 5.
fn perf(framework: &'static str, push: &Push, duty: &Duty) -> PerfSpec {
    let series = duty.platform.bytes().chain(duty.option.bytes()).chain(framework.bytes());
    let series = series.fold(7, |seed, byte| mix(seed, u64::from(byte)));
    let mut spec = PerfSpec::new(framework, series, u64::from(push.index));
    if push.repository.name == "autoland" && push.index >= 5 && framework == "talos" {
        spec.shift_percent = 9;
    }
    spec
}
