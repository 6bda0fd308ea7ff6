//! The queues there are: one closed table (§2.1, §2.2).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Names a queue; there are no others, and sending to an unknown name is an error (§2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueName {
    /// `default`.
    Default,
    /// `log_parser`.
    LogParser,
    /// `log_parser_fail_raw_sheriffed`.
    LogParserFailRawSheriffed,
    /// `log_parser_fail_raw_unsheriffed`.
    LogParserFailRawUnsheriffed,
    /// `log_parser_fail_json_sheriffed`.
    LogParserFailJsonSheriffed,
    /// `log_parser_fail_json_unsheriffed`.
    LogParserFailJsonUnsheriffed,
    /// `pushlog`.
    Pushlog,
    /// `generate_perf_alerts`.
    GeneratePerfAlerts,
    /// `store_pulse_tasks`.
    StorePulseTasks,
    /// `store_pulse_tasks_classification`.
    StorePulseTasksClassification,
    /// `store_pulse_pushes`.
    StorePulsePushes,
    /// `statsd`.
    Statsd,
    /// `perf_ingest`.
    PerfIngest,
}

/// A row of the table of queues.
struct Row {
    queue: QueueName,
    name: &'static str,
    process: &'static str,
    concurrency: usize,
    content: &'static str,
}

const fn row(
    queue: QueueName,
    name: &'static str,
    process: &'static str,
    concurrency: usize,
    content: &'static str,
) -> Row {
    Row { queue, name, process, concurrency, content }
}

/// The table: queue, name, worker process of the stock set-up, concurrency, content.
///
/// Upstream has no worker for `log_parser_fail_json_unsheriffed`; here it has one, with the concurrency of
/// the line that is commented out there.
#[rustfmt::skip]
static TABLE: [Row; 13] = [
    row(QueueName::Default, "default", "worker_misc", 3, "miscellaneous"),
    row(QueueName::LogParser, "log_parser", "worker_log_parser", 7, "logs of successful jobs"),
    row(QueueName::LogParserFailRawSheriffed, "log_parser_fail_raw_sheriffed", "worker_log_parser_fail_raw_sheriffed", 1, "raw logs of non-successful jobs, sheriffed repositories"),
    row(QueueName::LogParserFailRawUnsheriffed, "log_parser_fail_raw_unsheriffed", "worker_log_parser_fail_raw_unsheriffed", 1, "raw logs of non-successful jobs, other repositories"),
    row(QueueName::LogParserFailJsonSheriffed, "log_parser_fail_json_sheriffed", "worker_log_parser_fail_json_sheriffed", 7, "error summaries of non-successful jobs, sheriffed repositories"),
    row(QueueName::LogParserFailJsonUnsheriffed, "log_parser_fail_json_unsheriffed", "worker_log_parser_fail_json_unsheriffed", 7, "error summaries of non-successful jobs, other repositories"),
    row(QueueName::Pushlog, "pushlog", "worker_misc", 3, "polling of hg pushlogs"),
    row(QueueName::GeneratePerfAlerts, "generate_perf_alerts", "worker_perf_alert", 3, "alert detection per signature"),
    row(QueueName::StorePulseTasks, "store_pulse_tasks", "worker_store_pulse_data", 3, "task events"),
    row(QueueName::StorePulseTasksClassification, "store_pulse_tasks_classification", "worker_store_pulse_data", 3, "mozci classification"),
    row(QueueName::StorePulsePushes, "store_pulse_pushes", "worker_store_pulse_data", 3, "push events"),
    row(QueueName::Statsd, "statsd", "worker_misc", 3, "metrics"),
    row(QueueName::PerfIngest, "perf_ingest", "worker_perf_ingest", 7, "Perfherder JSON artifacts"),
];

impl QueueName {
    /// Number of queues.
    pub const COUNT: usize = TABLE.len();

    /// Lists every queue.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        TABLE.iter().map(|row| row.queue)
    }

    fn row(self) -> &'static Row {
        &TABLE[self.index()]
    }

    /// Returns the position in [`all`](Self::all).
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// Returns the name as stored, configured and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Returns what the queue holds, in a few words.
    #[must_use]
    pub fn content(self) -> &'static str {
        self.row().content
    }

    /// Returns how many batches of this queue are handled at the same time by default (§2.2).
    #[must_use]
    pub fn default_concurrency(self) -> usize {
        self.row().concurrency
    }

    /// Returns how long a batch of this queue may take before it counts as failed (§2.3).
    #[must_use]
    pub fn soft_time_limit(self) -> Duration {
        // `fetch-hg-push-logs` has a limit of its own, and only polls are on its queue.
        Duration::from_secs(if self == Self::Pushlog { 600 } else { 900 })
    }

    /// Returns the name of the worker process that serves this queue in the stock set-up (§2.2).
    #[must_use]
    pub fn worker_process(self) -> &'static str {
        self.row().process
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// No queue has this name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown queue \"{0}\"")]
pub struct UnknownQueue(pub String);

impl FromStr for QueueName {
    type Err = UnknownQueue;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        TABLE
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.queue)
            .ok_or_else(|| UnknownQueue(name.to_owned()))
    }
}

impl Serialize for QueueName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for QueueName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_queue_and_by_its_name() {
        for (position, row) in TABLE.iter().enumerate() {
            assert_eq!(row.queue.index(), position, "{}", row.name);
            assert_eq!(row.name.parse(), Ok(row.queue));
            assert_eq!(row.queue.to_string(), row.name);
        }
    }

    #[test]
    fn concurrency_is_that_of_the_production_entry_point() {
        let of = |name: &str| name.parse::<QueueName>().unwrap().default_concurrency();
        for (name, concurrency) in [
            ("store_pulse_pushes", 3),
            ("store_pulse_tasks", 3),
            ("log_parser", 7),
            ("log_parser_fail_raw_sheriffed", 1),
            ("log_parser_fail_raw_unsheriffed", 1),
            ("log_parser_fail_json_sheriffed", 7),
            ("log_parser_fail_json_unsheriffed", 7),
            ("perf_ingest", 7),
            ("pushlog", 3),
            ("generate_perf_alerts", 3),
        ] {
            assert_eq!(of(name), concurrency, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_it() {
        let error = "store_pulse_jobs".parse::<QueueName>().unwrap_err();
        assert_eq!(error.to_string(), "unknown queue \"store_pulse_jobs\"");
        let error = serde_json::from_str::<QueueName>("\"x\"").unwrap_err();
        assert!(error.to_string().contains("unknown queue \"x\""), "{error}");
        assert_eq!(serde_json::to_string(&QueueName::PerfIngest).unwrap(), "\"perf_ingest\"");
    }
}
