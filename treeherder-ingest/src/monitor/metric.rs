//! The names of all metrics, and what they measure.

use std::time::Duration;

use super::statsd;

/// What is measured; there are no other metrics.
///
/// Code says what happened through [`add`](Self::add) and [`record`](Self::record). A [`Registry`](super::Registry)
/// that is installed in the process counts it; without one it costs next to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Messages that can be claimed now.
    QueueDepth,
    /// Messages that wait for their time.
    QueueDelayed,
    /// Messages in someone's hands.
    QueueLeased,
    /// Dead letters.
    QueueDeadLetters,
    /// How long the oldest ready message has been due.
    QueueOldestReady,
    /// Worker processes that beat.
    WorkersAlive,
    /// Tasks that are being worked on.
    TasksActive,
    /// Whether a source of these numbers answered.
    SourceUp,
    /// Tasks by what became of them.
    TasksTotal,
    /// Failures of which no record was kept because there were too many at once.
    TaskRecordsDropped,
    /// Time that a task took.
    TaskSeconds,
    /// Time until the effect of a message of Pulse was stored (statsd: `pulse_handle_message`).
    PulseHandleMessage,
    /// Time until a task's definition was there (statsd: `taskcluster_fetch_definition`).
    FetchDefinition,
    /// Time from the definition of a task to its stored job (statsd: `load_job`).
    LoadJob,
    /// Time that checking a job message took (statsd: `process_job_validate`).
    ProcessJobValidate,
    /// Time that making a job of it took (statsd: `process_job_transform`).
    ProcessJobTransform,
    /// Time that storing a job took (statsd: `process_job_store`).
    ProcessJobStore,
    /// Pushes of the intervals of publish-stats (statsd: `push`).
    Push,
    /// Jobs of the intervals of publish-stats (statsd: `jobs`).
    Jobs,
    /// The same by repository (statsd: `jobs_repo.<repository>`).
    JobsRepo,
    /// The same by state (statsd: `jobs_state.<state>`).
    JobsState,
    /// What the bridge did (statsd: `taskcluster-treeherder.<event>`).
    BridgeEvents,
    /// The same by project (statsd: `taskcluster-treeherder.<project>.<event>`).
    BridgeProjectEvents,
    /// Time that the bridge took for a message (statsd: `taskcluster-treeherder.handle-message.time`).
    BridgeHandleMessage,
}

/// How a metric is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How values are spread.
    Histogram,
}

impl MetricKind {
    /// Returns the word of the text format of Prometheus.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A row of the table of metrics.
struct Row(Metric, &'static str, MetricKind, &'static str);

/// The table: metric, name, kind, help.
#[rustfmt::skip]
static TABLE: [Row; 24] = [
    Row(Metric::QueueDepth, "queue_depth", MetricKind::Gauge, "Messages that can be claimed now"),
    Row(Metric::QueueDelayed, "queue_delayed", MetricKind::Gauge, "Messages that wait for their time"),
    Row(Metric::QueueLeased, "queue_leased", MetricKind::Gauge, "Messages in someone's hands; with a broker only those of the answering process"),
    Row(Metric::QueueDeadLetters, "queue_dead_letters", MetricKind::Gauge, "Messages that could not be processed and were kept"),
    Row(Metric::QueueOldestReady, "queue_oldest_ready_seconds", MetricKind::Gauge, "How long the oldest ready message has been due; with a broker only known of prefetched ones"),
    Row(Metric::WorkersAlive, "workers_alive", MetricKind::Gauge, "Processes that were heard of lately"),
    Row(Metric::TasksActive, "tasks_active", MetricKind::Gauge, "Tasks in the hands of living workers at their last heartbeat"),
    Row(Metric::SourceUp, "source_up", MetricKind::Gauge, "Whether database and queues answered this scrape; what they would tell is missing otherwise"),
    Row(Metric::TasksTotal, "tasks_total", MetricKind::Counter, "Tasks by what became of them; failed counts every failed attempt, so retried and dead ones"),
    Row(Metric::TaskRecordsDropped, "task_records_dropped_total", MetricKind::Counter, "Failures of which no record was kept because there were too many at once"),
    Row(Metric::TaskSeconds, "task_seconds", MetricKind::Histogram, "Time that a task took; tasks handled together share their time evenly"),
    Row(Metric::PulseHandleMessage, "pulse_handle_message_seconds", MetricKind::Histogram, "Time until the effect of a Pulse message was stored; messages handled together share their time evenly"),
    Row(Metric::FetchDefinition, "taskcluster_fetch_definition_seconds", MetricKind::Histogram, "Time until the definition of a task was there"),
    Row(Metric::LoadJob, "load_job_seconds", MetricKind::Histogram, "Time from the definition of a task to its stored job; jobs stored together share the time of that evenly"),
    Row(Metric::ProcessJobValidate, "process_job_validate_seconds", MetricKind::Histogram, "Time that checking a job message took"),
    Row(Metric::ProcessJobTransform, "process_job_transform_seconds", MetricKind::Histogram, "Time that making a job of a job message took"),
    Row(Metric::ProcessJobStore, "process_job_store_seconds", MetricKind::Histogram, "Time that storing a job took; jobs stored together share their time evenly"),
    Row(Metric::Push, "push", MetricKind::Counter, "Pushes, counted every 20 minutes for the interval before"),
    Row(Metric::Jobs, "jobs", MetricKind::Counter, "Ended jobs, counted every 20 minutes for the interval before"),
    Row(Metric::JobsRepo, "jobs_repo", MetricKind::Counter, "Ended jobs by repository, counted every 20 minutes for the interval before"),
    Row(Metric::JobsState, "jobs_state", MetricKind::Counter, "Ended jobs by state, counted every 20 minutes for the interval before"),
    Row(Metric::BridgeEvents, "taskcluster_treeherder_events_total", MetricKind::Counter, "What the bridge did, by the names of its counters"),
    Row(Metric::BridgeProjectEvents, "taskcluster_treeherder_project_events_total", MetricKind::Counter, "What the bridge did for a project, by the names of its counters"),
    Row(Metric::BridgeHandleMessage, "taskcluster_treeherder_handle_message_seconds", MetricKind::Histogram, "Time that the bridge took for a message"),
];

/// Upper bounds of the buckets of all histograms, in seconds: from a stored job to the longest log.
pub(super) const BUCKETS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 900.0];

impl Metric {
    /// Lists every metric, in the order in which they are shown.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// Finds a metric by its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Returns how it is read.
    #[must_use]
    pub fn kind(self) -> MetricKind {
        self.row().2
    }

    /// Returns what it is about, in a sentence.
    #[must_use]
    pub fn help(self) -> &'static str {
        self.row().3
    }

    /// Counts `number` events with these labels.
    pub fn add(self, labels: &[(&'static str, &str)], number: u64) {
        if number > 0 {
            metrics::counter!(self.name(), &owned(labels)).increment(number);
            statsd::count(self, labels, number);
        }
    }

    /// Records that each of `number` things took its part of `time`.
    pub fn record(self, labels: &[(&'static str, &str)], time: Duration, number: usize) {
        if number > 0 {
            let share = time.as_secs_f64() / number as f64;
            metrics::histogram!(self.name(), &owned(labels)).record_many(share, number);
            statsd::time(self, labels, Duration::from_secs_f64(share), number);
        }
    }
}

fn owned(labels: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_row_and_a_valid_name_of_its_own() {
        for (position, metric) in Metric::all().enumerate() {
            assert_eq!(metric as usize, position);
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
            assert!(metric.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            assert!(!metric.help().is_empty() && !metric.help().contains('\n'));
        }
        assert_eq!(Metric::from_name("unheard_of"), None);
        assert!(BUCKETS.is_sorted());
    }
}
