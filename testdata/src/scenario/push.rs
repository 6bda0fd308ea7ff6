//! Pushes: who pushed what, where and when.

use super::ids;
use super::repository::{Repository, Source};
use super::{Scenario, Size};
use crate::rng::{Rng, mix};

/// One push with its commits.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// Number in the scenario, from 0.
    pub index: u32,
    /// Where it went.
    pub repository: &'static Repository,
    /// Push log id, or number of the pull request.
    pub id: u64,
    /// Head commit.
    pub revision: String,
    /// Commit it starts from; 40 zeros for the first push of a new branch.
    pub base_revision: String,
    /// Mail address of who pushed.
    pub author: String,
    /// Seconds since the epoch.
    pub time: i64,
    /// Commits, head last.
    pub commits: Vec<Commit>,
    /// Number of tasks.
    pub tasks: u16,
    /// When its message comes, in seconds after the start of the replay.
    pub at: f64,
    /// How much faster than real jobs its jobs run.
    pub(crate) speed: f64,
    /// By how much times in the messages run ahead of the replay's clock: `time = at * stretch + offset`.
    pub(crate) stretch: f64,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// 40 hexadecimal digits.
    pub revision: String,
    /// Name of the author.
    pub name: &'static str,
    /// Mail address of the author.
    pub mail: String,
    /// Message.
    pub message: String,
    /// Seconds since the epoch.
    pub time: i64,
}

const PEOPLE: [&str; 10] = [
    "Ada Brook",
    "Ben Osei",
    "Chloé Marchand",
    "Dmitri Alder",
    "Esi Nakamura",
    "Farid Lund",
    "Greta Sölvason",
    "Hana Pereira",
    "Ivo Tamm",
    "Jun Castellano",
];
const AREAS: [&str; 8] = [
    "paint queue",
    "session ledger",
    "tab strip",
    "stream decoder",
    "style cache",
    "caret",
    "drag handler",
    "journal",
];
const DEEDS: [&str; 8] = [
    "Keep the order of entries in the",
    "Don't flush twice in the",
    "Add a limit to the",
    "Remove the old path from the",
    "Test empty input of the",
    "Make room for long names in the",
    "Simplify the",
    "Log why it stopped in the",
];

/// Between two pushes of the continuation, in seconds.
pub(crate) const PUSH_INTERVAL: f64 = 40.0;

impl Scenario {
    /// Makes push number `index`, one of the burst or any later one.
    pub fn push(&self, index: u32) -> Push {
        let repository = Repository::of_push(index);
        let mut rng = Rng::new(mix(self.seed, 0x9_0000_0000 | u64::from(index)));
        let (at, speed, stretch, tasks) = self.pace(index, &mut rng);
        let time = self.time_at(at, stretch);
        let commits = self.commits(index, repository, time, &mut rng);
        let author = commits.last().map(|head| head.mail.clone()).unwrap_or_default();
        let new_branch = repository.source == Source::GitHubPush && (index / 10) % 3 == 1;
        Push {
            index,
            repository,
            id: 1001 + u64::from(index),
            revision: ids::revision(self.seed, index, 0),
            base_revision: if new_branch {
                "0".repeat(40)
            } else {
                ids::revision(self.seed, index, u16::MAX)
            },
            author,
            time: time as i64,
            commits,
            tasks,
            at,
            speed,
            stretch,
        }
    }

    /// When the push comes and how fast its tasks run.
    fn pace(&self, index: u32, rng: &mut Rng) -> (f64, f64, f64, u16) {
        let burst = self.pushes();
        if index >= burst {
            let at = self.burst_seconds() + f64::from(index - burst) * PUSH_INTERVAL + rng.below(5) as f64;
            return (at, 18.0, 1.0, rng.range(14, 18) as u16);
        }
        // The burst tells the story of hours in seconds.
        let at = self.burst_seconds() * 0.5 * f64::from(index) / f64::from(burst);
        let tasks = match self.size {
            Size::Scaled(tasks) => {
                (tasks - index * super::SCALED_TASKS_PER_PUSH).min(super::SCALED_TASKS_PER_PUSH) as u16
            }
            Size::Small => 14,
            Size::Demo => 60,
        };
        (at, 1.0, self.burst_stretch(), tasks)
    }

    fn commits(&self, index: u32, repository: &Repository, time: f64, rng: &mut Rng) -> Vec<Commit> {
        let count = match (repository.source, index / 10 % 2) {
            // More than one page of the answers, and more than the 200 that are kept of an hg push.
            (Source::GitHubPullRequest, 0) => 37,
            (Source::GitHubPush, 0) => 64,
            (Source::Hg, 0) if repository.name == "mozilla-central" => 230,
            _ => rng.range(1, 5) as u16,
        };
        (0..count)
            .map(|at| {
                let name = rng.word(&PEOPLE);
                let bug = rng.range(1_900_000, 2_100_000);
                let area = rng.word(&AREAS);
                let message = format!("Bug {bug} - {} {area}. r=reviewer{}", rng.word(&DEEDS), rng.below(9));
                let body = if rng.chance(30) {
                    "\n\nDifferential Revision: https://review.example.com/D1"
                } else {
                    ""
                };
                Commit {
                    revision: ids::revision(self.seed, index, count - 1 - at),
                    name,
                    mail: mail(name),
                    message: format!("{message}{body}"),
                    time: time as i64 - i64::from(count - 1 - at) * 60,
                }
            })
            .collect()
    }
}

fn mail(name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('.'),
            c if c.is_ascii_alphabetic() => Some(c),
            _ => None,
        })
        .collect();
    format!("{plain}@example.com")
}
