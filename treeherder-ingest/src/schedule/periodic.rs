//! The table of the periodic tasks.

use std::str::FromStr as _;

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;

use crate::pipeline::WorkItem;
use crate::queue::QueueName;

/// Due times of one entry that are counted as missed, at most.
const MAX_MISSED: usize = 10_000;

/// A periodic task.
#[derive(Debug)]
pub struct Periodic {
    /// Its name, which is that of the work item's task.
    pub name: &'static str,
    /// When it is due, in UTC: minute, hour, day, month and day of the week.
    pub pattern: &'static str,
    /// What it touches.
    pub reach: Reach,
    /// What it does, for people.
    pub about: &'static str,
    item: fn() -> WorkItem,
}

/// What a periodic task touches, beyond looking at the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: it may run wherever somebody tries this program.
    Inside,
    /// It asks servers of others.
    Outside,
    /// It removes data.
    Deletes,
}

/// The table.
#[rustfmt::skip]
static TABLE: [Periodic; 7] = [
    Periodic { name: "fetch-push-logs", pattern: "*/5 * * * *", reach: Reach::Outside, item: || WorkItem::FetchPushLogs, about: "asks the pushlogs of all active Mercurial repositories for pushes that Pulse did not tell" },
    Periodic { name: "publish-stats", pattern: "*/20 * * * *", reach: Reach::Inside, item: || WorkItem::PublishStats, about: "counts the pushes and jobs that were ingested" },
    Periodic { name: "update-bugscache", pattern: "17 * * * *", reach: Reach::Outside, item: || WorkItem::UpdateBugscache, about: "copies the bugs about intermittent failures from Bugzilla, in which suggestions are searched" },
    Periodic { name: "update-bugzilla-security-groups", pattern: "23 4 * * *", reach: Reach::Outside, item: || WorkItem::UpdateBugzillaSecurityGroups, about: "copies from Bugzilla which group may see the security bugs of which product" },
    Periodic { name: "update-changelog", pattern: "41 * * * *", reach: Reach::Outside, item: || WorkItem::UpdateChangelog, about: "copies commits and releases of the projects of TREEHERDER_CHANGELOG_PROJECTS" },
    Periodic { name: "unclassified-failure-count", pattern: "* * * * *", reach: Reach::Inside, item: || WorkItem::UnclassifiedFailureCount, about: "tells live readers how many failures nobody has classified" },
    Periodic { name: "cycle-data", pattern: "0 0 * * *", reach: Reach::Deletes, item: || WorkItem::CycleData, about: "removes jobs and performance data that are too old" },
];

impl Periodic {
    /// Lists every periodic task.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        TABLE.iter()
    }

    /// Finds a periodic task by its name; underscores may take the place of hyphens.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = name.replace('_', "-");
        Self::all().find(|periodic| periodic.name == name)
    }

    /// Makes the work item.
    #[must_use]
    pub fn item(&self) -> WorkItem {
        (self.item)()
    }

    /// Returns the queue that its work item is put on.
    #[must_use]
    pub fn queue(&self) -> QueueName {
        self.item().queues().first().copied().unwrap_or(QueueName::Default)
    }

    /// Returns the latest due time that is not after `now`.
    #[must_use]
    pub fn latest_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron()?.find_previous_occurrence(&now, true).ok()
    }

    /// Returns the first due time after `now`.
    #[must_use]
    pub fn next_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron()?.find_next_occurrence(&now, false).ok()
    }

    /// Counts the due times between two others, both excluded, as far as 10,000; with the latest of them.
    #[must_use]
    pub fn between(&self, earlier: DateTime<Utc>, later: DateTime<Utc>) -> (usize, Option<DateTime<Utc>>) {
        let Some(cron) = self.cron() else { return (0, None) };
        let latest = cron.find_previous_occurrence(&(later - TimeDelta::seconds(1)), true).ok();
        let number = cron.iter_after(earlier).take_while(|due| *due < later).take(MAX_MISSED).count();
        (number, latest.filter(|_| number > 0))
    }

    /// Reads the pattern; a test reads those of all entries.
    fn cron(&self) -> Option<Cron> {
        Cron::from_str(self.pattern).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        format!("2026-11-22T{text}Z").parse().unwrap()
    }

    #[test]
    fn every_entry_has_a_pattern_that_comes_again_and_its_tasks_name() {
        for periodic in Periodic::all() {
            let first = periodic.next_due(moment("10:00:00")).unwrap();
            let second = periodic.next_due(first).unwrap();
            assert!(second > first, "{}", periodic.name);
            assert_eq!(periodic.latest_due(second), Some(second), "{}", periodic.name);
            assert_eq!(periodic.item().task(), periodic.name);
            assert!(!periodic.about.is_empty());
        }
    }

    #[test]
    fn names_are_found_in_both_spellings() {
        for name in ["fetch-push-logs", "fetch_push_logs"] {
            assert_eq!(Periodic::named(name).unwrap().name, "fetch-push-logs");
        }
        assert!(Periodic::named("fetch").is_none());
    }

    #[test]
    fn due_times_are_aligned_to_the_clock() {
        let every_five = Periodic::named("fetch-push-logs").unwrap();
        assert_eq!(every_five.latest_due(moment("10:04:59.9")), Some(moment("10:00:00")));
        assert_eq!(every_five.latest_due(moment("10:05:00")), Some(moment("10:05:00")));
        assert_eq!(every_five.next_due(moment("10:05:00")), Some(moment("10:10:00")));
        let every_twenty = Periodic::named("publish-stats").unwrap();
        assert_eq!(every_twenty.next_due(moment("10:40:00")), Some(moment("11:00:00")));
    }

    #[test]
    fn what_was_missed_is_counted() {
        let every_five = Periodic::named("fetch-push-logs").unwrap();
        let between = |earlier, later| every_five.between(moment(earlier), moment(later));
        assert_eq!(between("10:00:00", "10:05:00"), (0, None));
        assert_eq!(between("10:00:00", "10:15:00"), (2, Some(moment("10:10:00"))));
        assert_eq!(
            every_five.between(moment("10:00:00") - TimeDelta::days(365), moment("10:00:00")).0,
            10_000
        );
    }
}
