//! Work items and their handlers: which queue leads to which effect (§2.5).
//!
//! A [`Pipeline`] has what the handlers need. [`Pipeline::run`] works on queues, [`Pipeline::listen`] fills them from
//! Pulse, [`Pipeline::handle`] does one [`WorkItem`] by hand. The way of a failure line:
//!
//! 1. a task event becomes a job with log references, in one transaction with others of its batch;
//! 2. one item per log to parse is published, and only then is the event acknowledged;
//! 3. the log is fetched piece by piece and scanned on a bounded pool of threads;
//! 4. its failure lines and its status are stored in one transaction, and the item is acknowledged.
//!
//! After each commit live readers are told of it ([`events`](crate::events)).
//!
//! Every step can be repeated at any time without harm, so that a crash between two of them costs nothing but time.
//!
//! Failure lines are counted when they are stored, and new failures marked (§6.2, §6.4); bugs are looked for when somebody
//! asks ([`suggestions`](crate::suggestions)).
//!
//! Looking for changes in performance series (`generate-alerts`), the check for intermittents (§6.6) and mozci's
//! classifications (§6.9, switched off upstream) are not part of this version. No items are published for them.

mod announce;
mod cycle_data;
mod error;
mod handler;
mod ingest_performance;
mod options;
mod outcome;
mod parse_logs;
mod patience;
#[expect(clippy::module_inception, reason = "the type the module is named after")]
mod pipeline;
mod publish_stats;
mod statistics;
mod store_pushes;
mod store_tasks;
mod submit;
mod updates;
mod work_item;

pub use error::PipelineError;
pub use options::PipelineOptions;
pub use outcome::{Handled, LogOutcome, LogResult};
pub use pipeline::Pipeline;
pub use statistics::PipelineStatistics;
pub use submit::{SubmitLogError, SubmittedLog};
pub(crate) use work_item::{COMMUNITY_TC, FIREFOX_CI};
pub use work_item::{LogPriority, PulseTask, WorkItem, WorkItemError};
