//! Bringing the local copy of Bugzilla's bugs up to date (§7.1).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::client::{Bugzilla, BugzillaError};
use super::remote_bug::{FIELDS, RemoteBug};
use super::reopen::reopen_bugs;
use super::rounds::Duplicates;
use crate::http::HttpError;
use crate::store::{Store, StoreError};

/// Bugs of one request.
const PAGE: usize = 500;
/// Last round in which "is a duplicate of" is followed.
const LAST_OF_CHAINS: i32 = 5;
/// Last round of all.
const LAST: i32 = 10;
/// Bugs that have not changed for so long and that no job has are forgotten.
const KEPT: TimeDelta = TimeDelta::days(365);
/// So much of what was fetched before is fetched again: changes are not always visible at once.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// Most pages of the first round, half a million bugs.
const MOST_PAGES: usize = 1000;
/// A bug is reopened when so many jobs of a week have it.
const REOPEN_MINIMUM: i64 = 3;

/// What an update did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BugUpdate {
    /// Bugs that were fetched and stored.
    pub stored: usize,
    /// Bugs that could not be read or stored; they are asked for again by the next update.
    pub failed: usize,
    /// Bugs that were reopened.
    pub reopened: usize,
}

/// An update that could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Bugzilla could not be asked.
    #[error("cannot ask Bugzilla: {0}")]
    Bugzilla(#[from] BugzillaError),
    /// Nobody could be asked which components files belong to.
    #[error("cannot read which components files belong to: {0}")]
    Components(#[source] HttpError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Fetches what has changed since the last update, follows chains of duplicates, forgets what nobody needs and reopens
/// bugs that occur again.
///
/// # Errors
/// When Bugzilla cannot be asked or the database fails; what was stored before stays, and the next update goes on.
pub async fn update_bugs(bugzilla: &Bugzilla, store: &Store) -> Result<BugUpdate, UpdateError> {
    let now = Utc::now();
    let year_ago = now - KEPT;
    let since = store.newest_bug_change().await?.map_or(year_ago, |newest| newest - OVERLAP);
    let mut update =
        Update { bugzilla, store, done: BugUpdate::default(), duplicates: Duplicates::default() };
    update.rounds(since, year_ago).await?;
    store.settle_duplicates(&update.duplicates.open_of).await?;
    store.delete_old_bugs(year_ago).await?;
    if update.done.failed > 0 {
        tracing::error!(
            bugs = update.done.failed,
            "some bugs could not be updated, the next update asks again"
        );
        store.limit_bug_changes(since).await?;
    }
    update.done.reopened = reopen_bugs(bugzilla, store, REOPEN_MINIMUM).await?;
    Ok(update.done)
}

struct Update<'a> {
    bugzilla: &'a Bugzilla,
    store: &'a Store,
    done: BugUpdate,
    duplicates: Duplicates,
}

impl Update<'_> {
    async fn rounds(&mut self, since: DateTime<Utc>, year_ago: DateTime<Utc>) -> Result<(), UpdateError> {
        let mut todo = BTreeSet::new();
        let mut round = -1;
        while round < LAST {
            round += 1;
            let mut next = BTreeSet::new();
            if round == 0 {
                self.seed(since, year_ago, &mut next).await?;
                next.extend(self.store.mapped_bugs().await?);
            } else {
                todo = self.store.bugs_to_fetch(todo).await?;
                if todo.is_empty() {
                    return Ok(());
                }
                self.fetch(&todo, &mut next).await?;
            }
            todo = self.store.bugs_to_fetch(next).await?;
            if round == LAST_OF_CHAINS && !todo.is_empty() {
                tracing::warn!(bugs = todo.len(), "chains of duplicates are longer than six bugs");
            }
            if round <= LAST_OF_CHAINS && todo.is_empty() {
                round = LAST_OF_CHAINS;
            }
            if round >= LAST_OF_CHAINS {
                todo = self.store.bugs_to_fetch(std::mem::take(&mut self.duplicates.to_check)).await?;
                if todo.is_empty() {
                    return Ok(());
                }
                if round == LAST {
                    tracing::warn!(bugs = todo.len(), "not all duplicates were fetched");
                }
            }
        }
        Ok(())
    }

    /// Fetches what has changed.
    async fn seed(
        &mut self,
        since: DateTime<Utc>,
        year_ago: DateTime<Utc>,
        next: &mut BTreeSet<i32>,
    ) -> Result<(), UpdateError> {
        for page in 0..MOST_PAGES {
            let parameters = [
                ("include_fields", FIELDS.to_owned()),
                ("limit", PAGE.to_string()),
                ("keywords", "intermittent-failure".to_owned()),
                ("last_change_time", since.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
                ("offset", (page * PAGE).to_string()),
            ];
            let bugs = self.bugzilla.bugs(&parameters).await?;
            let is_last = bugs.len() < PAGE;
            if page == 0 && !bugs.is_empty() {
                self.store.begin_bug_update(year_ago).await?;
            }
            self.take(bugs, next).await?;
            if is_last {
                return Ok(());
            }
        }
        tracing::warn!(pages = MOST_PAGES, "Bugzilla has more bugs than are asked for");
        Ok(())
    }

    /// Fetches these bugs.
    async fn fetch(&mut self, todo: &BTreeSet<i32>, next: &mut BTreeSet<i32>) -> Result<(), UpdateError> {
        let ids: Vec<i32> = todo.iter().copied().collect();
        for ids in ids.chunks(PAGE) {
            let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let parameters =
                [("include_fields", FIELDS.to_owned()), ("limit", PAGE.to_string()), ("id", list)];
            let bugs = self.bugzilla.bugs(&parameters).await?;
            self.take(bugs, next).await?;
        }
        Ok(())
    }

    /// Stores bugs; one that cannot be stored does not keep the others from it.
    async fn take(
        &mut self,
        bugs: Vec<serde_json::Value>,
        next: &mut BTreeSet<i32>,
    ) -> Result<(), UpdateError> {
        let mut read = Vec::with_capacity(bugs.len());
        for bug in bugs {
            match RemoteBug::read(bug) {
                Ok(bug) => read.push(bug),
                Err(error) => {
                    self.done.failed += 1;
                    tracing::error!(error, "a bug of Bugzilla cannot be read");
                }
            }
        }
        let rows: Vec<_> = read.iter().map(RemoteBug::stored).collect();
        let failed = self.store.store_fetched_bugs(&rows).await?;
        self.done.failed += failed.len();
        self.done.stored += rows.len() - failed.len();
        for bug in read.iter().filter(|bug| !failed.contains(&bug.id())) {
            self.duplicates.take(bug, next);
        }
        Ok(())
    }
}
