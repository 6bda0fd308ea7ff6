//! Which bugs are still to be fetched: chains of duplicates, followed both ways (§7.1.1).

use std::collections::{BTreeSet, HashMap};

use super::remote_bug::RemoteBug;

/// What the rounds of an update found out about duplicates.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    /// For each duplicate the bug at the end of its chain.
    pub(super) open_of: HashMap<i32, i32>,
    duplicates_of: HashMap<i32, BTreeSet<i32>>,
    /// Duplicates that bugs name and that are to be fetched in the end.
    pub(super) to_check: BTreeSet<i32>,
}

impl Duplicates {
    /// Takes a bug and adds to `next` what has to be fetched because of it.
    pub(super) fn take(&mut self, bug: &RemoteBug, next: &mut BTreeSet<i32>) {
        if let Some(dupe_of) = bug.dupe_of {
            let open = self.open_of.get(&dupe_of).copied().unwrap_or(dupe_of);
            self.open_of.insert(bug.id(), open);
            // Bugs that were thought to end at this one end where it ends.
            let through = self.duplicates_of.get(&bug.id()).cloned().unwrap_or_default();
            for duplicate in &through {
                self.open_of.insert(*duplicate, open);
            }
            let known = self.duplicates_of.entry(open).or_insert_with(|| {
                next.insert(open);
                BTreeSet::new()
            });
            known.insert(bug.id());
            known.extend(through);
        }
        self.to_check.extend(&bug.duplicates);
    }
}
