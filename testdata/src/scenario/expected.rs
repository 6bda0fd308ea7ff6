//! What a correct ingestion makes of a scenario, counted from its plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::special::Special;
use super::task::Task;
use super::{Delivery, Scenario};

/// Counts after every message has been processed and every retry is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Messages, the useless ones included.
    pub messages: u64,
    /// Stored pushes.
    pub pushes: u64,
    /// Stored commits (of an hg push at most 200).
    pub commits: u64,
    /// Stored jobs by `state/result`, such as `completed/testfailed`.
    pub jobs: BTreeMap<String, u64>,
    /// Text logs that are parsed in the end.
    pub logs_parsed: u64,
    /// Text logs whose status stays failed.
    pub logs_failed: u64,
    /// Stored failure lines of text logs.
    pub failure_lines: u64,
    /// Performance data objects in text logs (parsed, never stored: `spec/ingest.md` §6.3).
    pub log_perf_objects: u64,
    /// Error summaries that are stored.
    pub summaries_parsed: u64,
    /// Error summaries that cannot be fetched.
    pub summaries_failed: u64,
    /// Error summaries with a line that is not JSON: nothing of them is stored.
    pub summaries_invalid: u64,
    /// Stored failure lines of error summaries.
    pub summary_lines: u64,
    /// Stored group results.
    pub group_results: u64,
    /// Perfherder artifacts that are stored.
    pub perf_parsed: u64,
    /// Perfherder artifacts that are refused.
    pub perf_failed: u64,
    /// Stored data points.
    pub data_points: u64,
    /// Tasks whose job is dropped, as the specification wants.
    pub dropped_tasks: u64,
    /// Messages that name a repository nobody knows: dropped, as the specification wants.
    pub unknown_repositories: u64,
    /// Messages that can never be processed and must end in a dead-letter place: malformed bodies and unknown
    /// exchanges.
    pub dead_letters: u64,
}

impl Expected {
    /// Returns the number of stored jobs of all states.
    pub fn total_jobs(&self) -> u64 {
        self.jobs.values().sum()
    }

    /// Adds the counts of another part.
    pub fn add(&mut self, other: &Self) {
        for (state, count) in &other.jobs {
            *self.jobs.entry(state.clone()).or_default() += count;
        }
        let mine = self.numbers();
        let theirs = other.clone().numbers().map(|number| *number);
        for (number, more) in mine.into_iter().zip(theirs) {
            *number += more;
        }
    }

    fn numbers(&mut self) -> [&mut u64; 18] {
        [
            &mut self.messages,
            &mut self.pushes,
            &mut self.commits,
            &mut self.logs_parsed,
            &mut self.logs_failed,
            &mut self.failure_lines,
            &mut self.log_perf_objects,
            &mut self.summaries_parsed,
            &mut self.summaries_failed,
            &mut self.summaries_invalid,
            &mut self.summary_lines,
            &mut self.group_results,
            &mut self.perf_parsed,
            &mut self.perf_failed,
            &mut self.data_points,
            &mut self.dropped_tasks,
            &mut self.unknown_repositories,
            &mut self.dead_letters,
        ]
    }

    fn count_task(&mut self, task: &Task, scaled: bool) {
        let extra = matches!(
            task.special,
            Some(
                Special::UnknownExchange
                    | Special::MalformedBody
                    | Special::DeliveredTwice
                    | Special::LatePending
            )
        );
        self.messages += u64::from(extra) + if scaled { 1 } else { task.message_count() };
        self.dead_letters +=
            u64::from(matches!(task.special, Some(Special::UnknownExchange | Special::MalformedBody)));
        if task.special.is_some_and(Special::hides_job) {
            self.dropped_tasks += 1;
            return;
        }
        let jobs: Vec<_> = task.runs.iter().filter_map(|run| run.job(task.kind)).collect();
        for (state, result) in if jobs.is_empty() { vec![("unscheduled", "unknown")] } else { jobs } {
            *self.jobs.entry(format!("{state}/{result}")).or_default() += 1;
        }
        self.count_artifacts(task);
    }

    fn count_artifacts(&mut self, task: &Task) {
        if let Some(log) = &task.log {
            if log.delivery.succeeds() {
                self.logs_parsed += 1;
                if log.delivery != Delivery::Empty {
                    self.failure_lines += log.spec.stored_errors();
                    self.log_perf_objects += log.spec.perf_count();
                }
            } else {
                self.logs_failed += 1;
            }
        }
        if let Some((spec, delivery)) = &task.summary {
            let (_, truth) = spec.text();
            match (delivery.succeeds(), truth.valid) {
                (false, _) => self.summaries_failed += 1,
                (true, false) => self.summaries_invalid += 1,
                (true, true) => {
                    self.summaries_parsed += 1;
                    self.summary_lines += truth.failure_lines;
                    self.group_results += truth.group_results();
                }
            }
        }
        if let Some(spec) = &task.perf {
            self.perf_parsed += u64::from(spec.defect.is_none());
            self.perf_failed += u64::from(spec.defect.is_some());
            self.data_points += spec.data_points();
        }
    }
}

impl Task {
    fn message_count(&self) -> u64 {
        let of_run = |run: &super::Run| {
            u64::from(run.reason_created != "exception")
                + u64::from(run.started.is_some())
                + u64::from(run.resolved.is_some())
        };
        1 + self.runs.iter().map(of_run).sum::<u64>()
    }
}

impl Scenario {
    /// Counts what one push and its tasks come to.
    pub fn expected_of_push(&self, index: u32) -> Expected {
        let push = self.push(index);
        let kept = if push.repository.dvcs_type() == "hg" { 200 } else { usize::MAX };
        let mut expected = Expected {
            messages: 1,
            pushes: 1,
            commits: push.shown_commits().min(kept) as u64,
            ..Expected::default()
        };
        if index == 1 && !self.is_scaled() {
            expected.messages += 2;
            expected.unknown_repositories += 1;
            expected.dead_letters += 1;
        }
        for task in self.tasks(&push) {
            expected.count_task(&task, self.is_scaled());
        }
        expected
    }

    /// Counts what the burst comes to.
    pub fn expected(&self) -> Expected {
        let mut expected = Expected::default();
        for index in 0..self.pushes() {
            expected.add(&self.expected_of_push(index));
        }
        expected
    }
}

impl super::Push {
    /// The commits that an ingestion sees: a webhook about a new branch carries only the last ones.
    fn shown_commits(&self) -> usize {
        let all = self.commits.len();
        if self.base_revision.bytes().all(|byte| byte == b'0') { all.min(20) } else { all }
    }
}
