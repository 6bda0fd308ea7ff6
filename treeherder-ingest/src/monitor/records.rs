//! The records of tasks that wait to be written down, bounded.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::TaskRecord;
use crate::store::error::truncated;

/// Records of successes of one task between two heartbeats.
pub(super) const SAMPLES: usize = 10;
/// Records of everything else between two heartbeats.
pub(super) const MAX_KEPT: usize = 20_000;
/// Bytes of text in them.
const MAX_BYTES: usize = 16 << 20;
/// Longest error text in a record, in characters; the whole one is with the message.
const MAX_ERROR_CHARS: usize = 4_000;

/// Records that wait.
#[derive(Debug, Default)]
pub(super) struct Records {
    kept: VecDeque<TaskRecord>,
    bytes: usize,
    samples: BTreeMap<&'static str, Vec<(Duration, TaskRecord)>>,
    dropped: u64,
}

fn size(record: &TaskRecord) -> usize {
    record.args.len() + record.error.as_ref().map_or(0, String::len)
}

impl Records {
    /// Keeps a record, unless there are too many; then it is counted.
    pub(super) fn keep(&mut self, mut record: TaskRecord) {
        if let Some(error) = &mut record.error {
            *error = truncated(error, MAX_ERROR_CHARS).to_owned();
        }
        let size = size(&record);
        if self.kept.len() >= MAX_KEPT || self.bytes + size > MAX_BYTES {
            self.dropped += 1;
            return;
        }
        self.bytes += size;
        self.kept.push_back(record);
    }

    /// Keeps the record of a success if it is among the slowest of its task; `make` is called only then.
    pub(super) fn sample(&mut self, task: &'static str, took: Duration, make: impl FnOnce() -> TaskRecord) {
        let samples = self.samples.entry(task).or_default();
        if samples.len() < SAMPLES {
            samples.push((took, make()));
            return;
        }
        if let Some(quickest) = samples.iter_mut().min_by_key(|(time, _)| *time)
            && quickest.0 < took
        {
            *quickest = (took, make());
        }
    }

    /// Takes all records, in the order in which things happened to each task, and the number of dropped ones.
    pub(super) fn take(&mut self) -> (Vec<TaskRecord>, u64) {
        let samples = std::mem::take(&mut self.samples).into_values().flatten().map(|(_, record)| record);
        let mut records: Vec<TaskRecord> = samples.collect();
        records.extend(self.kept.drain(..));
        self.bytes = 0;
        (records, std::mem::take(&mut self.dropped))
    }

    /// Puts records back before what has come since; the newest stay when there are too many.
    pub(super) fn give_back(&mut self, records: Vec<TaskRecord>) {
        for record in records.into_iter().rev() {
            let size = size(&record);
            if self.kept.len() >= MAX_KEPT || self.bytes + size > MAX_BYTES {
                self.dropped += 1;
                continue;
            }
            self.bytes += size;
            self.kept.push_front(record);
        }
    }
}
