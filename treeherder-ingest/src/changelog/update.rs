//! Bringing the changelog up to date.

use chrono::{TimeDelta, Utc};

use super::Project;
use super::github::{commits, files, releases};
use crate::push::{PushError, Upstream};
use crate::store::{Store, StoreError};

/// So far back changes are looked for, unless somebody says otherwise.
const DAYS: i64 = 2;

/// The changelog cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangelogError {
    /// GitHub cannot be asked about a project.
    #[error("cannot ask about {project}: {source}")]
    Github {
        /// Which one.
        project: String,
        /// Why.
        source: PushError,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where changes are looked for.
#[derive(Clone, Debug)]
pub struct Changelog {
    upstream: Upstream,
    projects: Vec<Project>,
    since: TimeDelta,
}

impl Changelog {
    /// Looks for changes of the last two days in these projects.
    #[must_use]
    pub fn new(upstream: Upstream, projects: &[Project]) -> Self {
        Self { upstream, projects: projects.to_vec(), since: TimeDelta::days(DAYS) }
    }

    /// Sets how many days back changes are looked for, at most 1,000.
    #[must_use]
    pub fn with_days(mut self, days: u16) -> Self {
        self.since = TimeDelta::days(i64::from(days.min(1000)));
        self
    }
}

/// Stores the commits and releases that are new; returns how many.
///
/// # Errors
/// When GitHub cannot be asked or the database fails; what was stored before stays, and the next update goes on.
pub async fn update_changelog(changelog: &Changelog, store: &Store) -> Result<usize, ChangelogError> {
    let since = Utc::now() - changelog.since;
    let mut entries = 0;
    for project in &changelog.projects {
        let failed = |source| ChangelogError::Github { project: project.to_string(), source };
        let upstream = &changelog.upstream;
        let mut changes: Vec<_> = releases(upstream, project)
            .await
            .map_err(failed)?
            .into_iter()
            .filter_map(|release| release.change(project, since))
            .collect();
        let listed = commits(upstream, project, since).await.map_err(failed)?;
        let shas: Vec<&str> = listed.iter().map(|commit| commit.sha.as_str()).collect();
        let known = store.known_changes("commit", &shas).await?;
        for commit in listed {
            // Its files cost a request, which those that are known need not.
            if !known.contains(&commit.sha) {
                let files = files(upstream, project, &commit).await.map_err(failed)?;
                changes.push(commit.change(project, files));
            }
        }
        entries += store.store_changes(&changes).await?;
    }
    Ok(entries)
}
