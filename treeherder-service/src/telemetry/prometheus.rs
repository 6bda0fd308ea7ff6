//! The text format of Prometheus.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use metrics::{Key, Label};
use metrics_exporter_prometheus::LabelSet;
use metrics_exporter_prometheus::formatting::{write_help_line, write_metric_line, write_type_line};
use treeherder_ingest::monitor::{Growth, Labels, Metric, MetricKind};
use treeherder_ingest::store::MetricValue;

use super::Snapshot;

/// The part of a histogram that is the sum of its values.
const SUM: &str = "sum";

/// Writes everything that is known.
pub(crate) fn text(snapshot: &Snapshot) -> String {
    let mut families: BTreeMap<Metric, Family> = BTreeMap::new();
    let mut gauge = |metric: Metric, labels: &[(&str, &str)], value: f64| {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        families.entry(metric).or_default().add(labels.collect(), String::new(), value);
    };
    let up = |is_up: bool| if is_up { 1.0 } else { 0.0 };
    gauge(Metric::SourceUp, &[("source", "database")], up(snapshot.workers.is_some()));
    gauge(Metric::SourceUp, &[("source", "queues")], up(snapshot.depths.is_some()));
    for depth in snapshot.depths.iter().flatten() {
        let labels = [("queue", depth.queue.as_str())];
        gauge(Metric::QueueDepth, &labels, depth.ready as f64);
        gauge(Metric::QueueDelayed, &labels, depth.delayed as f64);
        gauge(Metric::QueueLeased, &labels, depth.leased as f64);
        gauge(Metric::QueueDeadLetters, &labels, depth.dead as f64);
        if let Some(age) = depth.oldest_ready {
            gauge(Metric::QueueOldestReady, &labels, age.as_secs_f64());
        }
    }
    let mut alive: BTreeMap<&str, u64> = BTreeMap::new();
    let mut active: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for worker in snapshot.workers.iter().flatten() {
        // A pool whose last process is gone is 0, so that an alert can see it.
        *alive.entry(&worker.pool).or_default() += u64::from(worker.alive);
        for (task, number) in worker.active.iter().filter(|_| worker.alive) {
            *active.entry((&worker.pool, task)).or_default() += number;
        }
    }
    for (pool, number) in alive {
        gauge(Metric::WorkersAlive, &[("pool", pool)], number as f64);
    }
    for ((pool, task), number) in active {
        gauge(Metric::TasksActive, &[("pool", pool), ("task", task)], number as f64);
    }
    for MetricValue { metric, labels, part, value } in snapshot.values.iter().flatten() {
        families.entry(*metric).or_default().add(labels.clone(), part.clone(), *value);
    }
    written(&families)
}

/// Writes what this process has counted itself, for processes without a database.
pub(crate) fn of_process(growth: Vec<Growth>) -> String {
    let mut families: BTreeMap<Metric, Family> = BTreeMap::new();
    for Growth { metric, labels, part, by } in growth {
        families.entry(metric).or_default().add(labels, part, by);
    }
    written(&families)
}

/// The values of a metric, by labels and part.
#[derive(Debug, Default)]
struct Family(BTreeMap<Labels, BTreeMap<String, f64>>);

impl Family {
    fn add(&mut self, labels: Labels, part: String, value: f64) {
        *self.0.entry(labels).or_default().entry(part).or_default() += value;
    }
}

fn written(families: &BTreeMap<Metric, Family>) -> String {
    let mut text = String::new();
    for (metric, Family(values)) in families {
        write_help_line(&mut text, metric.name(), None, None, metric.help());
        write_type_line(&mut text, metric.name(), None, None, metric.kind().as_str());
        for (labels, parts) in values {
            let labels: Vec<Label> =
                labels.iter().map(|(name, value)| Label::new(name.clone(), value.clone())).collect();
            let key = Key::from_parts(metric.name(), labels);
            let labels = LabelSet::from_key_and_global(&key, &IndexMap::new());
            if metric.kind() == MetricKind::Histogram {
                write_histogram(&mut text, *metric, &labels, parts);
            } else if let Some(value) = parts.get("") {
                write_metric_line(&mut text, metric.name(), None, &labels, None::<(&str, &str)>, value, None);
            }
        }
    }
    text
}

/// Writes a histogram: its buckets are kept each for itself and shown with all smaller ones in them.
fn write_histogram(text: &mut String, metric: Metric, labels: &LabelSet, parts: &BTreeMap<String, f64>) {
    let mut buckets: Vec<(f64, &str, f64)> = parts
        .iter()
        .filter_map(|(part, value)| Some((part.parse::<f64>().ok()?, part.as_str(), *value)))
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut count = 0.0;
    for (bound, part, value) in buckets {
        count += value;
        if bound.is_finite() {
            write_metric_line(text, metric.name(), Some("bucket"), labels, Some(("le", part)), count, None);
        }
    }
    write_metric_line(text, metric.name(), Some("bucket"), labels, Some(("le", "+Inf")), count, None);
    let sum = parts.get(SUM).copied().unwrap_or_default();
    write_metric_line(text, metric.name(), Some("sum"), labels, None::<(&str, &str)>, sum, None);
    write_metric_line(text, metric.name(), Some("count"), labels, None::<(&str, &str)>, count, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(metric: Metric, labels: &[(&str, &str)], part: &str, value: f64) -> MetricValue {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        MetricValue { metric, labels: labels.collect(), part: part.to_owned(), value }
    }

    #[test]
    fn buckets_hold_all_smaller_ones_and_end_with_infinity() {
        let labels = [("task", "log-parser")];
        let of = |part: &str, number: f64| value(Metric::TaskSeconds, &labels, part, number);
        let values = vec![of("+Inf", 1.0), of("0.5", 4.0), of("0.001", 2.0), of("60", 3.0), of("sum", 99.5)];
        let text = text(&Snapshot { values: Some(values), ..Snapshot::default() });
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("task_seconds")).collect();
        assert_eq!(
            lines,
            [
                r#"task_seconds_bucket{task="log-parser",le="0.001"} 2"#,
                r#"task_seconds_bucket{task="log-parser",le="0.5"} 6"#,
                r#"task_seconds_bucket{task="log-parser",le="60"} 9"#,
                r#"task_seconds_bucket{task="log-parser",le="+Inf"} 10"#,
                r#"task_seconds_sum{task="log-parser"} 99.5"#,
                r#"task_seconds_count{task="log-parser"} 10"#,
            ]
        );
        assert!(text.contains("# TYPE task_seconds histogram\n"), "{text}");
    }

    #[test]
    fn labels_from_outside_are_escaped_and_sources_that_are_down_are_told() {
        let values = vec![value(Metric::JobsRepo, &[("repository", "a\"b\\c\nd")], "", 7.0)];
        let text = text(&Snapshot { values: Some(values), ..Snapshot::default() });
        assert!(text.contains("jobs_repo{repository=\"a\\\"b\\\\c\\nd\"} 7\n"), "{text}");
        assert!(text.contains("source_up{source=\"database\"} 0\n"), "{text}");
    }
}
