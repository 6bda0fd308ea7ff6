//! What was ingested, and how fast.

use std::time::Duration;

use serde::Serialize;
use treeherder_ingest::pipeline::Pipeline;
use treeherder_testdata::scenario::Expected;
use treeherder_testdata::standin::StandIn;

use super::reached::Reached;

/// The numbers of the first burst.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    complete: bool,
    messages: u64,
    pushes: u64,
    jobs: u64,
    logs: u64,
    logs_failed: u64,
    compressed_bytes: u64,
    decoded_bytes: u64,
    log_lines: u64,
    failure_lines: u64,
    error_summaries: u64,
    error_summary_lines: u64,
    group_results: u64,
    performance_data: u64,
    dead_letters: u64,
    seconds: f64,
    jobs_per_second: f64,
    decoded_megabytes_per_second: f64,
    url: String,
    differences: Vec<String>,
    reached: Reached,
    expected: Expected,
}

impl Summary {
    /// Puts the numbers together.
    pub(super) async fn new(
        stand_in: &StandIn,
        pipeline: &Pipeline,
        reached: &Reached,
        time: Duration,
        url: &str,
    ) -> anyhow::Result<Self> {
        let scenario = stand_in.scenario().clone();
        let expected = tokio::task::spawn_blocking(move || scenario.expected()).await?;
        let done = pipeline.statistics();
        let seconds = time.as_secs_f64().max(0.001);
        let differences = reached.differences(&expected);
        let round = |number: f64| (number * 1000.0).round() / 1000.0;
        Ok(Self {
            complete: differences.is_empty(),
            messages: expected.messages,
            pushes: reached.pushes,
            jobs: reached.total_jobs(),
            logs: reached.logs_parsed,
            logs_failed: reached.logs_failed,
            compressed_bytes: done.compressed_bytes,
            decoded_bytes: done.decoded_bytes,
            log_lines: done.lines,
            failure_lines: reached.failure_lines,
            error_summaries: reached.summaries_parsed,
            error_summary_lines: reached.summary_lines,
            group_results: reached.group_results,
            performance_data: reached.data_points,
            dead_letters: reached.dead_letters,
            seconds: round(seconds),
            jobs_per_second: round(reached.total_jobs() as f64 / seconds),
            decoded_megabytes_per_second: round(done.decoded_bytes as f64 / 1e6 / seconds),
            url: url.to_owned(),
            differences,
            reached: reached.clone(),
            expected,
        })
    }

    /// Tells the numbers to people.
    pub(super) fn text(&self) -> String {
        let mega = |bytes: u64| bytes as f64 / 1e6;
        let mut lines = vec![
            format!("{:>9}  messages", self.messages),
            format!("{:>9}  pushes", self.pushes),
            format!("{:>9}  jobs", self.jobs),
            format!(
                "{:>9}  logs, {:.1} MB compressed, {:.1} MB decoded, {} lines ({} could not be had, on purpose)",
                self.logs,
                mega(self.compressed_bytes),
                mega(self.decoded_bytes),
                self.log_lines,
                self.logs_failed
            ),
            format!("{:>9}  failure lines", self.failure_lines),
            format!("{:>9}  lines of {} error summaries", self.error_summary_lines, self.error_summaries),
            format!("{:>9}  performance data", self.performance_data),
            format!("{:>9}  dead letters kept, all broken on purpose", self.dead_letters),
            format!(
                "{:>9.1}  seconds: {:.0} jobs/s, {:.1} MB of logs/s",
                self.seconds, self.jobs_per_second, self.decoded_megabytes_per_second
            ),
        ];
        if self.complete {
            lines.push("everything arrived".to_owned());
        } else {
            lines.push("not everything arrived:".to_owned());
            lines.extend(self.differences.iter().map(|difference| format!("  {difference}")));
        }
        lines.push(self.url.clone());
        lines.join("\n")
    }
}
