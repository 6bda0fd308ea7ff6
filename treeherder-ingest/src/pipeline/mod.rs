//! Work items and their handlers: which queue leads to which effect (§2.5).

mod work_item;

pub(crate) use work_item::{COMMUNITY_TC, FIREFOX_CI};
pub use work_item::{LogPriority, PulseTask, WorkItem, WorkItemError};
