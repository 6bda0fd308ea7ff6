//! Counts what the pipeline does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::queue::QueueCounts;

/// What a pipeline did since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PipelineStatistics {
    /// What the workers of each queue did: messages done, retried, given up, ….
    pub queues: Vec<QueueCounts>,
    /// Messages dropped on purpose, by reason: the labels of [`DropReason`](crate::task::DropReason), `invalid-job`,
    /// `unknown-repository`, `inactive-repository`, `unknown-push-repository` and `ambiguous-push-repository`.
    pub drops: BTreeMap<&'static str, u64>,
    /// Job messages that changed a job.
    pub jobs_stored: u64,
    /// Job messages that came too late to change one.
    pub jobs_ignored: u64,
    /// Pushes stored (anew or again).
    pub pushes_stored: u64,
    /// Work items published to parse logs.
    pub parse_items: u64,
    /// Classifications acknowledged.
    pub classifications: u64,
    /// Polls of pushlogs, and other items that are not tried again, that failed.
    pub polls_failed: u64,
    /// Raw logs parsed.
    pub logs_parsed: u64,
    /// Raw logs that could not be fetched or decoded, each attempt counted.
    pub logs_failed: u64,
    /// Raw logs whose compressed data ended early.
    pub logs_truncated: u64,
    /// Bytes of parsed raw logs as they came over the network.
    pub compressed_bytes: u64,
    /// Bytes of parsed raw logs after inflating.
    pub decoded_bytes: u64,
    /// Lines of parsed raw logs.
    pub lines: u64,
    /// Failure lines found in raw logs.
    pub failure_lines: u64,
    /// Error summaries stored.
    pub error_summaries: u64,
    /// Error summaries and Perfherder artifacts that could not be fetched or read, each attempt counted.
    pub artifacts_failed: u64,
    /// Failure lines of error summaries stored.
    pub summary_lines: u64,
    /// Results of test groups stored.
    pub group_results: u64,
    /// Perfherder artifacts stored.
    pub performance_artifacts: u64,
    /// Points of performance series stored.
    pub performance_data: u64,
    /// Series that a change detection should look at.
    pub alert_candidates: u64,
}

/// The counters behind [`PipelineStatistics`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    drops: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) jobs_stored: Counter,
    pub(super) jobs_ignored: Counter,
    pub(super) pushes_stored: Counter,
    pub(super) parse_items: Counter,
    pub(super) classifications: Counter,
    pub(super) polls_failed: Counter,
    pub(super) logs_parsed: Counter,
    pub(super) logs_failed: Counter,
    pub(super) logs_truncated: Counter,
    pub(super) compressed_bytes: Counter,
    pub(super) decoded_bytes: Counter,
    pub(super) lines: Counter,
    pub(super) failure_lines: Counter,
    pub(super) error_summaries: Counter,
    pub(super) artifacts_failed: Counter,
    pub(super) summary_lines: Counter,
    pub(super) group_results: Counter,
    pub(super) performance_artifacts: Counter,
    pub(super) performance_data: Counter,
    pub(super) alert_candidates: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Counts a message that is dropped on purpose.
    pub(super) fn drop(&self, reason: &'static str) {
        // A map of numbers is whole even if a thread panicked while it held the lock.
        *self.drops.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    pub(super) fn snapshot(&self, queues: Vec<QueueCounts>) -> PipelineStatistics {
        PipelineStatistics {
            queues,
            drops: self.drops.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            jobs_stored: self.jobs_stored.read(),
            jobs_ignored: self.jobs_ignored.read(),
            pushes_stored: self.pushes_stored.read(),
            parse_items: self.parse_items.read(),
            classifications: self.classifications.read(),
            polls_failed: self.polls_failed.read(),
            logs_parsed: self.logs_parsed.read(),
            logs_failed: self.logs_failed.read(),
            logs_truncated: self.logs_truncated.read(),
            compressed_bytes: self.compressed_bytes.read(),
            decoded_bytes: self.decoded_bytes.read(),
            lines: self.lines.read(),
            failure_lines: self.failure_lines.read(),
            error_summaries: self.error_summaries.read(),
            artifacts_failed: self.artifacts_failed.read(),
            summary_lines: self.summary_lines.read(),
            group_results: self.group_results.read(),
            performance_artifacts: self.performance_artifacts.read(),
            performance_data: self.performance_data.read(),
            alert_candidates: self.alert_candidates.read(),
        }
    }
}
