//! The rows of a push: platforms, in them groups, in them jobs (§11.3).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use treeherder_ingest::store::{Board, BoardJob, BoardName};

use super::filter::Filter;
use super::platform::{self, Platform};
use super::status::{Status, is_classified};
use crate::web::api::duration_of;

/// A job with the names that the page shows.
#[derive(Clone, Debug)]
pub(super) struct Job<'b> {
    pub(super) id: i64,
    pub(super) status: Status,
    pub(super) classification: i32,
    pub(super) tier: i32,
    /// How long it took or is taking, at least one.
    pub(super) minutes: i64,
    pub(super) kind: &'b BoardName,
    pub(super) group: &'b BoardName,
    /// Raw name of the platform.
    pub(super) platform: &'b str,
    /// Name of the platform for people.
    pub(super) title: &'b str,
    /// Option, unless it says nothing on this platform.
    pub(super) option: &'b str,
    /// Place of its row.
    pub(super) order: i32,
}

/// One line of a push.
#[derive(Debug)]
pub(super) struct Row<'b> {
    /// `Linux 18.04 debug`
    pub(super) title: String,
    pub(super) groups: Vec<Group<'b>>,
}

impl Row<'_> {
    /// How many jobs and counts it shows.
    pub(super) fn drawn(&self) -> usize {
        self.groups.iter().map(|group| group.jobs.len() + group.counts.len()).sum()
    }
}

/// Jobs of one symbol and tier.
#[derive(Debug)]
pub(super) struct Group<'b> {
    /// `None`: the jobs stand for themselves.
    pub(super) symbol: Option<&'b str>,
    pub(super) name: &'b str,
    pub(super) tier: i32,
    /// Jobs that are shown one by one.
    pub(super) jobs: Vec<Job<'b>>,
    /// What stands for the others.
    pub(super) counts: Vec<(Status, usize)>,
}

/// Platforms of a board by id, and what else is looked up per job.
#[derive(Debug)]
pub(super) struct Names {
    platforms: HashMap<i32, Platform>,
    unknown: BoardName,
}

impl Names {
    /// Describes the platforms of a board.
    pub(super) fn of(board: &Board) -> Self {
        let described = board.platforms.iter().map(|(id, name)| (*id, platform::describe(name)));
        Self {
            platforms: described.collect(),
            unknown: BoardName { symbol: "?".to_owned(), name: "unknown".to_owned() },
        }
    }

    /// Gives a job its names.
    pub(super) fn job<'b>(&'b self, board: &'b Board, row: &'b BoardJob, now: DateTime<Utc>) -> Job<'b> {
        let platform = self.platforms.get(&row.machine_platform_id);
        let option = board.options.get(&*row.option_collection_hash).map_or("", String::as_str);
        Job {
            id: row.id,
            status: Status::of(&row.state, &row.result),
            classification: row.failure_classification_id,
            tier: row.tier,
            minutes: minutes(row, now),
            kind: board.types.get(&row.job_type_id).unwrap_or(&self.unknown),
            group: board.groups.get(&row.job_group_id).unwrap_or(&self.unknown),
            platform: board.platforms.get(&row.machine_platform_id).map_or("unknown", String::as_str),
            title: platform.map_or("unknown", |platform| &platform.title),
            option: if platform.is_some_and(|platform| platform.without_option) { "" } else { option },
            order: platform.map_or(-1, |platform| platform::row_order(platform, option)),
        }
    }
}

/// How the jobs of a push are laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Every job is shown; otherwise those that did not fail are counted.
    pub(super) expanded: bool,
    /// Jobs whose symbol occurs more than once are shown one by one.
    pub(super) duplicates: bool,
}

/// Lays out the jobs of one push that the filter lets through.
pub(super) fn rows<'b>(jobs: impl Iterator<Item = Job<'b>>, filter: &Filter, style: Style) -> Vec<Row<'b>> {
    let mut rows: BTreeMap<(i32, String), BTreeMap<GroupKey<'b>, Vec<Job<'b>>>> = BTreeMap::new();
    for job in jobs {
        if !filter.matches(&job) {
            continue;
        }
        let title = row_title(&job);
        let symbol = (job.group.symbol != "?").then_some(job.group.symbol.as_str());
        let key = (symbol.map_or(0, str::len), job.tier, symbol, job.group.name.as_str());
        rows.entry((job.order, title)).or_default().entry(key).or_default().push(job);
    }
    let laid_out = rows.into_iter().map(|((_, title), groups)| Row {
        title,
        groups: groups.into_iter().map(|(key, jobs)| group(key, jobs, style)).collect(),
    });
    laid_out.collect()
}

/// Length of the symbol, tier, symbol, name: the order of groups.
type GroupKey<'b> = (usize, i32, Option<&'b str>, &'b str);

/// Returns `Linux 18.04 debug`.
pub(super) fn row_title(job: &Job<'_>) -> String {
    if job.option.is_empty() { job.title.to_owned() } else { format!("{} {}", job.title, job.option) }
}

fn group<'b>((_, tier, symbol, name): GroupKey<'b>, mut jobs: Vec<Job<'b>>, style: Style) -> Group<'b> {
    jobs.sort_by_cached_key(|job| (padded(&job.kind.symbol), job.id));
    if style.expanded || symbol.is_none() {
        return Group { symbol, name, tier, jobs, counts: Vec::new() };
    }
    let mut occurrences: HashMap<&str, usize> = HashMap::new();
    for job in &jobs {
        *occurrences.entry(&job.kind.symbol).or_default() += 1;
    }
    let alone = |job: &Job<'_>| {
        job.status.is_failure() || (style.duplicates && occurrences[job.kind.symbol.as_str()] > 1)
    };
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for job in jobs.iter().filter(|job| !alone(job)) {
        *counts.entry(job.status).or_default() += 1;
    }
    // One job takes no more room than its count.
    jobs.retain(|job| alone(job) || counts[&job.status] == 1);
    counts.retain(|_, count| *count > 1);
    Group { symbol, name, tier, jobs, counts: counts.into_iter().collect() }
}

/// Pads the numbers of a symbol, so that `bc2` comes before `bc10`.
fn padded(symbol: &str) -> String {
    let mut padded = String::with_capacity(symbol.len() + 2);
    let mut digits = String::new();
    for character in symbol.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        if !digits.is_empty() {
            padded += &format!("{digits:0>3}");
            digits.clear();
        }
        padded.push(character);
    }
    if !digits.is_empty() {
        padded += &format!("{digits:0>3}");
    }
    padded
}

/// From this tier on jobs are hidden unless somebody asks for them.
pub(in crate::web::pages) const HIDDEN_TIER: i32 = 3;

/// How far a push is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::web::pages) struct Progress {
    /// Jobs that have ended.
    pub(in crate::web::pages) completed: usize,
    /// Jobs that are pending or running.
    pub(in crate::web::pages) in_progress: usize,
    /// Failures that nobody has classified.
    pub(in crate::web::pages) failed: usize,
    /// Failures that a commit has fixed.
    pub(in crate::web::pages) fixed: usize,
}

impl Progress {
    /// Counts the jobs of a push; hidden tiers do not count.
    pub(super) fn of<'j>(jobs: impl Iterator<Item = &'j BoardJob>) -> Self {
        let mut progress = Self::default();
        for job in jobs.filter(|job| job.tier < HIDDEN_TIER) {
            progress.add(Status::of(&job.state, &job.result), job.failure_classification_id, 1);
        }
        progress
    }

    /// Counts further jobs.
    pub(in crate::web::pages) fn add(&mut self, status: Status, classification: i32, jobs: usize) {
        match status {
            Status::Pending | Status::Running => self.in_progress += jobs,
            Status::Unscheduled => {}
            _ => self.completed += jobs,
        }
        if status.is_failure() {
            self.failed += if is_classified(classification) { 0 } else { jobs };
            self.fixed += if classification == 2 { jobs } else { 0 };
        }
    }

    /// Returns how much has ended, in whole percent.
    pub(in crate::web::pages) fn percent(self) -> usize {
        let all = self.completed + self.in_progress;
        (self.completed * 100).checked_div(all).unwrap_or(0)
    }
}

/// Returns how long a job took or is taking, in minutes (§3.15).
fn minutes(job: &BoardJob, now: DateTime<Utc>) -> i64 {
    duration_of(job.submit_time, job.start_time, job.end_time, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_symbols_count_as_numbers() {
        let mut symbols = ["bc10", "bc2", "B", "bc2-fis"];
        symbols.sort_by_key(|symbol| padded(symbol));
        assert_eq!(symbols, ["B", "bc2", "bc2-fis", "bc10"]);
    }
}
