//! What processes and tasks do, for people and machines that look on (`spec/bridge-l10n-platform.md` §4.6).
//!
//! [`Watch`] is the [`Observer`](crate::queue::Observer) of a process's workers, [`Registry`] counts what the code says
//! through [`Metric`], and [`Heart`] writes both into the database every few seconds: one transaction with a row for the
//! process, a bounded number of [`TaskRecord`]s and what the metrics have grown by. So every process that can read the
//! database can tell of all others, whatever keeps the queues.

mod arguments;
mod heart;
mod metric;
mod process;
mod records;
mod registry;
mod statsd;
mod task;
mod watch;

pub use heart::{Beat, Heart, HeartOptions};
pub use metric::{Metric, MetricKind};
pub use process::Process;
pub use registry::{Growth, Labels, Registry};
pub use statsd::Statsd;
pub use task::{TaskRecord, TaskState};
pub use watch::{TaskCounts, Watch};
