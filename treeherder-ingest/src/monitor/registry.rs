//! Counts what the code of a process says through the crate `metrics`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};

use super::Metric;
use super::metric::BUCKETS;

/// Labels of a metric: a JSON object of texts, in the order of their names.
pub type Labels = BTreeMap<String, String>;

/// By how much a number has grown.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Which metric.
    pub metric: Metric,
    /// Of what.
    pub labels: Labels,
    /// For histograms the upper bound of a bucket, `+Inf` or `sum`; empty for counters.
    pub part: String,
    /// By how much.
    pub by: f64,
}

/// Counters and histograms of a process; the heart writes what they have grown by into the database.
///
/// Only what [`Metric`] lists is counted; metrics of libraries are let go.
#[derive(Clone, Default)]
pub struct Registry {
    cells: Arc<RwLock<HashMap<Key, Arc<Cell>>>>,
    /// What the last [`growth`](Self::growth) read and nobody has confirmed.
    pending: Arc<Mutex<Vec<Reading>>>,
}

/// What a cell held at one time.
type Reading = (Arc<Cell>, Vec<u64>, f64);

/// The numbers behind one key.
struct Cell {
    metric: Metric,
    labels: Labels,
    /// A counter has one; a histogram one per bucket, each for itself, the last for what is beyond all bounds.
    counts: Vec<AtomicU64>,
    sum: Mutex<f64>,
    /// What is in the database already.
    written: Mutex<(Vec<u64>, f64)>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Registry {
    /// Returns the registry of this process; from the first call on, all code of the process counts into it.
    #[must_use]
    pub fn of_process() -> Self {
        static REGISTRY: OnceLock<Registry> = OnceLock::new();
        let install = || {
            let registry = Self::default();
            if metrics::set_global_recorder(registry.clone()).is_err() {
                tracing::warn!("metrics are recorded by something else already");
            }
            registry
        };
        REGISTRY.get_or_init(install).clone()
    }

    /// Returns by how much the numbers have grown since the last growth that was [confirmed](Self::confirm).
    #[must_use]
    pub fn growth(&self) -> Vec<Growth> {
        let cells: Vec<Arc<Cell>> =
            self.cells.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let mut growths = Vec::new();
        let mut pending = Vec::new();
        for cell in cells {
            let counts: Vec<u64> = cell.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
            let sum = *lock(&cell.sum);
            let written = lock(&cell.written).clone();
            if counts == written.0 {
                continue;
            }
            let mut add = |part: String, by: f64| {
                growths.push(Growth { metric: cell.metric, labels: cell.labels.clone(), part, by });
            };
            if counts.len() == 1 {
                add(String::new(), (counts[0] - written.0[0]) as f64);
            } else {
                for (bucket, (now, before)) in counts.iter().zip(&written.0).enumerate() {
                    if now > before {
                        let bound =
                            BUCKETS.get(bucket).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
                        add(bound, (now - before) as f64);
                    }
                }
                add("sum".to_owned(), sum - written.1);
            }
            pending.push((cell, counts, sum));
        }
        *lock(&self.pending) = pending;
        growths
    }

    /// Tells that the last [`growth`](Self::growth) has been written down.
    pub fn confirm(&self) {
        for (cell, counts, sum) in lock(&self.pending).drain(..) {
            *lock(&cell.written) = (counts, sum);
        }
    }

    fn cell(&self, key: &Key) -> Option<Arc<Cell>> {
        if let Some(cell) = self.cells.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Some(Arc::clone(cell));
        }
        let metric = Metric::from_name(key.name())?;
        let numbers = if metric.kind() == super::MetricKind::Histogram { BUCKETS.len() + 1 } else { 1 };
        let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        let cell = cells.entry(key.clone()).or_insert_with(|| {
            let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
            Arc::new(Cell {
                metric,
                labels: labels.collect(),
                counts: (0..numbers).map(|_| AtomicU64::new(0)).collect(),
                sum: Mutex::default(),
                written: Mutex::new((vec![0; numbers], 0.0)),
            })
        });
        Some(Arc::clone(cell))
    }
}

/// Numbers are whole even if a thread panicked while it held the lock.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.counts[0].fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.counts[0].fetch_max(value, Ordering::Relaxed);
    }
}

impl HistogramFn for Cell {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        let bucket = BUCKETS.partition_point(|bound| *bound < value);
        *lock(&self.sum) += value * count as f64;
        self.counts[bucket].fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl metrics::Recorder for Registry {
    fn describe_counter(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_gauge(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_histogram(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        self.cell(key).map_or_else(Counter::noop, Counter::from_arc)
    }

    /// Gauges are read where they are shown.
    fn register_gauge(&self, _key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        match self.cell(key) {
            Some(cell) if cell.counts.len() > 1 => Histogram::from_arc(cell),
            _ => Histogram::noop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn grown(registry: &Registry) -> Vec<(String, String, f64)> {
        let mut growths: Vec<_> = registry
            .growth()
            .into_iter()
            .map(|growth| {
                let labels: Vec<_> = growth.labels.into_values().collect();
                (format!("{} {}", growth.metric.name(), labels.join(" ")), growth.part, growth.by)
            })
            .collect();
        growths.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        growths
    }

    #[test]
    fn what_has_grown_is_told_until_it_is_confirmed() {
        let registry = Registry::default();
        let count = |number| Metric::TasksTotal.add(&[("task", "log-parser"), ("state", "dead")], number);
        metrics::with_local_recorder(&registry, || count(2));
        let name = "tasks_total dead log-parser".to_owned();
        assert_eq!(grown(&registry), [(name.clone(), String::new(), 2.0)]);
        metrics::with_local_recorder(&registry, || count(3));
        assert_eq!(grown(&registry), [(name.clone(), String::new(), 5.0)], "the first was not confirmed");
        metrics::with_local_recorder(&registry, || count(1));
        registry.confirm();
        assert_eq!(grown(&registry), [(name, String::new(), 1.0)], "what came after the growth is not lost");
        registry.confirm();
        assert_eq!(grown(&registry), []);
    }

    #[test]
    fn times_go_into_buckets_and_are_shared() {
        let registry = Registry::default();
        metrics::with_local_recorder(&registry, || {
            Metric::TaskSeconds.record(&[("task", "x")], Duration::from_secs(2), 4);
            Metric::TaskSeconds.record(&[("task", "x")], Duration::from_secs(5_000), 1);
            metrics::counter!("of_a_library").increment(1);
        });
        let name = "task_seconds x".to_owned();
        let expected = [("+Inf", 1.0), ("0.5", 4.0), ("sum", 5_002.0)];
        assert_eq!(grown(&registry), expected.map(|(part, by)| (name.clone(), part.to_owned(), by)));
    }
}
