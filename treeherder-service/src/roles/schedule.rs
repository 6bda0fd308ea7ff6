//! The role of the scheduler: periodic tasks are put on the queues when they are due, nothing else.

use std::sync::Arc;

use treeherder_ingest::schedule::{Periodic, Reach, Scheduler};

use super::{Database, hostname};

/// Makes the scheduler of this process; many may run at the same time.
pub(crate) fn scheduler(database: &Database, entries: Vec<&'static Periodic>) -> Scheduler {
    let owner = format!("{} process {}", hostname(), std::process::id());
    Scheduler::new(database.store.clone(), Arc::clone(&database.queue), owner, entries)
}

/// Returns the periodic tasks of a process on somebody's desk: those that ask servers of others or remove data only where that is
/// wanted.
pub(crate) fn entries_inside(also: &[&str]) -> Vec<&'static Periodic> {
    Periodic::all().filter(|entry| entry.reach == Reach::Inside || also.contains(&entry.name)).collect()
}
