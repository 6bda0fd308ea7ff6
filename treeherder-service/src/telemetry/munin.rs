//! The protocol of munin's plugins: graphs, and values for them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use treeherder_ingest::monitor::Metric;

use super::Snapshot;

/// A line of a graph.
struct Field {
    name: String,
    label: String,
    /// Munin's type of the values.
    kind: &'static str,
    value: Option<f64>,
}

/// A graph.
struct Graph {
    name: &'static str,
    title: &'static str,
    vlabel: &'static str,
    /// Values at which munin warns, as it writes them.
    warning: Option<&'static str>,
    fields: Vec<Field>,
}

/// Tells munin which graphs there are.
pub(crate) fn config(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for graph in graphs(snapshot) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "multigraph {}", graph.name);
        let _ = writeln!(text, "graph_title Treeherder {}", graph.title);
        let _ = writeln!(text, "graph_vlabel {}", graph.vlabel);
        let _ = writeln!(text, "graph_category treeherder\ngraph_args --base 1000 -l 0");
        for field in graph.fields {
            let _ =
                writeln!(text, "{0}.label {1}\n{0}.type {2}\n{0}.min 0", field.name, field.label, field.kind);
            if let Some(warning) = graph.warning {
                let _ = writeln!(text, "{}.warning {warning}", field.name);
            }
        }
    }
    text
}

/// Tells munin the values; `U` is what it calls unknown.
pub(crate) fn values(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for graph in graphs(snapshot) {
        let _ = writeln!(text, "multigraph {}", graph.name);
        for field in graph.fields {
            let value = field.value.map_or_else(|| "U".to_owned(), |value| value.to_string());
            let _ = writeln!(text, "{}.value {value}", field.name);
        }
    }
    text
}

fn graphs(snapshot: &Snapshot) -> Vec<Graph> {
    let graph = |name, title, vlabel, warning, fields| Graph { name, title, vlabel, warning, fields };
    vec![
        graph("treeherder_queues", "messages ready", "messages", None, depths(snapshot, |depth| depth.ready)),
        graph(
            "treeherder_dead_letters",
            "dead letters",
            "messages",
            Some("0:0"),
            depths(snapshot, |depth| depth.dead),
        ),
        graph("treeherder_workers", "workers alive", "processes", Some("1:"), workers(snapshot)),
        graph(
            "treeherder_tasks",
            "tasks by what became of them",
            "tasks per ${graph_period}",
            None,
            tasks(snapshot),
        ),
    ]
}

/// One field for each queue, whether it can be counted or not: munin forgets fields that come and go.
fn depths(snapshot: &Snapshot, number: impl Fn(&treeherder_ingest::queue::Depth) -> u64) -> Vec<Field> {
    let of = |queue| {
        let depth = snapshot.depths.iter().flatten().find(|depth| depth.queue == queue);
        depth.map(|depth| number(depth) as f64)
    };
    treeherder_ingest::queue::QueueName::all()
        .map(|queue| field(queue.as_str(), queue.as_str(), "GAUGE", of(queue)))
        .collect()
}

fn workers(snapshot: &Snapshot) -> Vec<Field> {
    let mut alive: BTreeMap<&str, f64> = BTreeMap::new();
    for worker in snapshot.workers.iter().flatten() {
        *alive.entry(&worker.pool).or_default() += if worker.alive { 1.0 } else { 0.0 };
    }
    alive.into_iter().map(|(pool, number)| field(pool, pool, "GAUGE", Some(number))).collect()
}

fn tasks(snapshot: &Snapshot) -> Vec<Field> {
    let of = |state: &str| {
        let values = snapshot.values.as_ref()?;
        let of_state = values.iter().filter(|value| {
            value.metric == Metric::TasksTotal && value.labels.get("state").is_some_and(|word| word == state)
        });
        Some(of_state.map(|value| value.value).sum())
    };
    ["succeeded", "retried", "dead", "revoked"].map(|state| field(state, state, "DERIVE", of(state))).into()
}

fn field(name: &str, label: &str, kind: &'static str, value: Option<f64>) -> Field {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    // A name that begins with a digit is none for munin.
    Field { name: format!("f_{name}"), label: label.to_owned(), kind, value }
}
