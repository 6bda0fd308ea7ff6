//! Work items and their handlers: which queue leads to which effect (§2.5).

mod work_item;

pub use work_item::{LogPriority, PulseTask, WorkItem, WorkItemError};
