//! Everything that is shown of a job.

use chrono::{DateTime, Utc};
use treeherder_ingest::job::LogStatus;
use treeherder_ingest::store::entity::{job_log, repository, text_log_error};
use treeherder_ingest::store::{JobFilter, JobGroup, JobSummary, Store, StoreError};

use crate::web::pages::classifications;
use crate::web::pages::jobs::platform::{self, Platform};
use crate::web::pages::jobs::status::Status;
use crate::web::pages::links;
use crate::web::pages::query::encoded;
use crate::web::pages::time::iso;

/// Shows the pictures that the log of a reftest has in it.
const REFTEST_ANALYZER: &str =
    "https://hg.mozilla.org/mozilla-central/raw-file/tip/layout/tools/reftest/reftest-analyzer.xhtml";

/// Error lines shown before the rest is folded away.
const LINES_SHOWN: usize = 40;

/// A job with its logs, failures and measurements.
#[derive(Debug)]
pub(in crate::web::pages) struct JobView {
    pub(in crate::web::pages) repo: String,
    pub(in crate::web::pages) id: i64,
    pub(in crate::web::pages) status: Status,
    pub(in crate::web::pages) name: String,
    pub(in crate::web::pages) symbol: String,
    pub(in crate::web::pages) group: String,
    pub(in crate::web::pages) platform: String,
    pub(in crate::web::pages) build: String,
    pub(in crate::web::pages) machine: String,
    pub(in crate::web::pages) tier: i32,
    pub(in crate::web::pages) reason: String,
    pub(in crate::web::pages) who: String,
    pub(in crate::web::pages) revision: String,
    pub(in crate::web::pages) classification: &'static str,
    pub(in crate::web::pages) requested: Option<Moment>,
    pub(in crate::web::pages) started: Option<Moment>,
    pub(in crate::web::pages) ended: Option<Moment>,
    pub(in crate::web::pages) duration: String,
    pub(in crate::web::pages) task: Option<TaskLink>,
    pub(in crate::web::pages) logs: Vec<LogView>,
    pub(in crate::web::pages) lines: Vec<LineView>,
    pub(in crate::web::pages) more_lines: Vec<LineView>,
    pub(in crate::web::pages) values: Vec<ValueView>,
    /// Manifests whose tests it has run, the failed ones first.
    pub(in crate::web::pages) groups: Vec<GroupView>,
}

/// A test group.
#[derive(Debug)]
pub(in crate::web::pages) struct GroupView {
    pub(in crate::web::pages) name: String,
    pub(in crate::web::pages) words: &'static str,
    /// Letter of its colour.
    pub(in crate::web::pages) letter: char,
    pub(in crate::web::pages) seconds: i16,
}

/// A moment for people and for machines.
#[derive(Debug)]
pub(in crate::web::pages) struct Moment {
    pub(in crate::web::pages) text: String,
    pub(in crate::web::pages) iso: String,
}

/// A run of a task.
#[derive(Debug)]
pub(in crate::web::pages) struct TaskLink {
    pub(in crate::web::pages) id: String,
    pub(in crate::web::pages) run: i32,
    pub(in crate::web::pages) url: String,
}

/// A log and how far it is read.
#[derive(Debug)]
pub(in crate::web::pages) struct LogView {
    pub(in crate::web::pages) name: String,
    pub(in crate::web::pages) url: String,
    pub(in crate::web::pages) status: &'static str,
}

/// A line that tells of a failure.
#[derive(Debug)]
pub(in crate::web::pages) struct LineView {
    /// Number in the log, from 1.
    pub(in crate::web::pages) number: i32,
    pub(in crate::web::pages) text: String,
    pub(in crate::web::pages) new: bool,
}

/// A measurement.
#[derive(Debug)]
pub(in crate::web::pages) struct ValueView {
    pub(in crate::web::pages) title: String,
    pub(in crate::web::pages) value: String,
    pub(in crate::web::pages) unit: String,
    pub(in crate::web::pages) graph: String,
}

impl JobView {
    /// Reads a job of a repository; nothing when it has no such job.
    pub(in crate::web::pages) async fn read(
        store: &Store,
        repository: &repository::Model,
        id: i64,
    ) -> Result<Option<Self>, StoreError> {
        let filter = JobFilter {
            id: Some(id),
            repository: Some(repository.name.clone()),
            limit: 1,
            ..JobFilter::default()
        };
        let Some(job) = store.jobs(&filter).await?.pop() else { return Ok(None) };
        let stored = store.error_lines(id).await?;
        // The first one that tells a test and what happened is what a sheriff looks for (§11.8).
        let new = stored.iter().position(|line| line.new_failure && line.line.split(" | ").count() == 3);
        let view = |(place, line): (usize, text_log_error::Model)| LineView {
            number: line.line_number + 1,
            text: line.line,
            new: new == Some(place),
        };
        let mut lines: Vec<LineView> = stored.into_iter().enumerate().map(view).collect();
        let more_lines = lines.split_off(lines.len().min(LINES_SHOWN));
        let measured = store.performance_job_data(id).await?;
        let values = measured.into_iter().flat_map(|measured| measured.data).map(|point| {
            let test = if point.test.is_empty() { String::new() } else { format!(" {}", point.test) };
            let options = if point.extra_options.is_empty() {
                String::new()
            } else {
                format!(" {}", point.extra_options)
            };
            ValueView {
                title: format!("{}{test}{options}", point.suite),
                value: number(point.value),
                unit: point.measurement_unit.unwrap_or_default(),
                graph: format!(
                    "/performance?series={},{},1,{}",
                    encoded(&repository.name),
                    point.signature_id,
                    point.framework_id
                ),
            }
        });
        let values = values.collect();
        let logs = store.all_job_logs(id).await?.into_iter().map(log).collect();
        let groups = store.job_groups(id).await?.into_iter().map(group).collect();
        Ok(Some(Self { lines, more_lines, values, logs, groups, ..Self::of(repository, job) }))
    }

    fn of(repository: &repository::Model, job: JobSummary) -> Self {
        let JobSummary { row, platform_option } = job;
        let Platform { title, without_option, .. } = platform::describe(&row.platform);
        let option = if without_option { String::new() } else { format!(" {platform_option}") };
        let task = row.task_id.zip(row.retry_id);
        Self {
            repo: repository.name.clone(),
            id: row.id,
            status: Status::of(&row.state, &row.result),
            name: row.job_type_name,
            symbol: row.job_type_symbol,
            group: if row.job_group_symbol == "?" { String::new() } else { row.job_group_symbol },
            platform: format!("{title}{option}"),
            build: known(&[&row.build_os, &row.build_platform, &row.build_architecture]),
            machine: row.machine_name,
            tier: row.tier,
            reason: row.reason,
            who: row.who,
            revision: row.push_revision,
            classification: classifications::name(row.failure_classification_id),
            requested: moment(row.submit_time),
            started: moment(row.start_time),
            ended: moment(row.end_time),
            duration: duration(row.start_time, row.end_time),
            task: task.map(|(id, run)| TaskLink { url: links::task(repository, &id, run), id, run }),
            logs: Vec::new(),
            lines: Vec::new(),
            more_lines: Vec::new(),
            values: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// The log that people read.
    pub(in crate::web::pages) fn text_log(&self) -> Option<&LogView> {
        self.logs.iter().find(|log| !log.name.ends_with("_json") && !log.name.contains("perfherder"))
    }

    /// Address at which the pictures in the log of a reftest are compared, when there may be any.
    pub(in crate::web::pages) fn reftest_analyzer(&self) -> Option<String> {
        let log = self.text_log().filter(|_| self.name.to_lowercase().contains("-reftest"))?;
        Some(format!("{REFTEST_ANALYZER}#logurl={}&only_show_unexpected=1", encoded(&log.url)))
    }

    /// Address of the log viewer, at a line when one is given.
    pub(in crate::web::pages) fn viewer(&self, line: Option<&i32>) -> String {
        let line = line.map(|line| format!("&lineNumber={line}")).unwrap_or_default();
        format!("/logviewer?job_id={}&repo={}{line}", self.id, encoded(&self.repo))
    }

    /// Address of the list with this job selected.
    pub(in crate::web::pages) fn in_list(&self) -> String {
        let selected = match &self.task {
            Some(task) => format!("selectedTaskRun={}.{}", encoded(&task.id), task.run),
            None => format!("selectedJob={}", self.id),
        };
        format!("/jobs?repo={}&revision={}&{selected}", encoded(&self.repo), encoded(&self.revision))
    }

    pub(in crate::web::pages) fn own_page(&self) -> String {
        format!("/jobs/{}/{}", encoded(&self.repo), self.id)
    }

    /// The part that is open at first.
    pub(in crate::web::pages) fn usual_part(&self) -> &'static str {
        if !self.status.is_failure() && !self.values.is_empty() {
            "performance"
        } else if self.status.is_failure() {
            "failures"
        } else {
            "about"
        }
    }

    /// Why there is no failure line, in words.
    pub(in crate::web::pages) fn no_lines(&self) -> &'static str {
        let log = self.text_log();
        match (self.status, log.map(|log| log.status)) {
            (Status::Pending | Status::Unscheduled, _) => "The job has not started yet.",
            (Status::Running, _) => "The job is still running. Failures appear here as its log is read.",
            (_, None) => "The job has no log.",
            (_, Some("pending")) => "The log is not read yet. Failures appear here by themselves.",
            (_, Some("failed")) => "The log could not be read.",
            (_, Some("skipped")) => "The log is too long to be read.",
            (status, _) if status.is_failure() => "Nothing in the log looks like a failure.",
            _ => "No failures.",
        }
    }

    /// How many failure lines there are, in words.
    pub(in crate::web::pages) fn counted_lines(&self) -> String {
        match self.lines.len() + self.more_lines.len() {
            1 => "1 failure line".to_owned(),
            count => format!("{count} failure lines"),
        }
    }
}

/// Joins what is known of a build; `-` stands for what is not.
fn known(parts: &[&str]) -> String {
    let known: Vec<&str> = parts.iter().copied().filter(|part| !matches!(*part, "" | "-" | "?")).collect();
    known.join(" ")
}

fn group(group: JobGroup) -> GroupView {
    let (words, letter) = match group.status {
        1 => ("passed", 's'),
        2 => ("failed", 't'),
        3 => ("skipped", 'x'),
        _ => ("unknown", 'k'),
    };
    GroupView { name: group.name, words, letter, seconds: group.seconds }
}

fn log(log: job_log::Model) -> LogView {
    let status = match LogStatus::from_code(log.status) {
        Some(LogStatus::Parsed) => "parsed",
        Some(LogStatus::Failed) => "failed",
        Some(LogStatus::SkippedSize) => "skipped",
        _ => "pending",
    };
    LogView { name: log.name, url: log.url, status }
}

fn moment(time: DateTime<Utc>) -> Option<Moment> {
    (time.timestamp() != 0)
        .then(|| Moment { text: time.format("%a %-d %b, %H:%M:%S").to_string(), iso: iso(&time) })
}

/// Writes how long a job took, or has taken so far.
fn duration(start: DateTime<Utc>, end: DateTime<Utc>) -> String {
    if start.timestamp() == 0 {
        return String::new();
    }
    let end = if end.timestamp() == 0 { Utc::now() } else { end };
    let seconds = (end - start).num_seconds().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Writes a value with the digits that matter.
fn number(value: f64) -> String {
    let digits = if value.abs() >= 1000.0 || value.fract() == 0.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        3
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_two_parts() {
        let time = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")] {
            assert_eq!(duration(time(0), time(seconds)), text);
        }
        assert_eq!(duration(DateTime::UNIX_EPOCH, time(1)), "");
    }

    #[test]
    fn what_is_not_known_of_a_build_is_left_out() {
        assert_eq!(known(&["-", "windows11-64-24h2", "-"]), "windows11-64-24h2");
        assert_eq!(known(&["linux", "linux1804-64", "x86_64"]), "linux linux1804-64 x86_64");
        assert_eq!(known(&["-", "", "?"]), "");
    }
}
