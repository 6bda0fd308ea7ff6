//! Numbers about queues, workers and tasks, for machines: Prometheus and munin.

mod munin;
mod prometheus;
mod snapshot;

pub(crate) use self::munin::{config as munin_config, values as munin_values};
pub(crate) use self::prometheus::{of_process, text};
pub(crate) use self::snapshot::Snapshot;
