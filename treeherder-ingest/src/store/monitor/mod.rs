//! What processes tell about themselves and their tasks, and what others read of it.

mod beat;
mod clock;
mod metrics;
mod prune;
mod revocations;
mod rows;
mod tasks;
mod workers;

pub use metrics::MetricValue;
pub use prune::{Pruned, Retention};
pub use tasks::TaskFilter;
pub use workers::WorkerRow;
