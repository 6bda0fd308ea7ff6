//! Storing pushes that CI systems submit themselves, again from each job and each run of it.

use chrono::{DateTime, Utc};

use super::error::{StoreError, truncated};
use super::pushes::{AUTHOR_LENGTH, Changed};
use super::{DataError, Store};
use crate::push::{LoadedPush, Revision};

/// A push as it is submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmittedPush {
    /// Head commit id.
    pub revision: String,
    /// Who pushed; cut when it is too long.
    pub author: String,
    /// Seconds since the epoch, if it is told.
    pub push_timestamp: Option<f64>,
    /// Commits, head last; none when they are not told. Their authors are cut when they are too long.
    pub commits: Vec<Revision>,
}

impl Store {
    /// Stores a push that was submitted at `arrival` and returns its id.
    ///
    /// A push that is not known yet gets what is not told: it was pushed when it came, and its head is its only commit. Of one
    /// that is known, only what is told changes.
    ///
    /// # Errors
    /// As [`Store::store_push`].
    pub async fn store_submitted_push(
        &self,
        repository_id: i32,
        push: &SubmittedPush,
        arrival: DateTime<Utc>,
    ) -> Result<i32, StoreError> {
        let changed = Changed {
            time: push.push_timestamp.is_some(),
            // Only wildcard rules of repositories tell a branch.
            branch: false,
            commits: !push.commits.is_empty(),
        };
        let loaded = push.completed(arrival);
        let ids = self.store_changed_pushes(repository_id, std::slice::from_ref(&loaded), changed).await?;
        ids.first().copied().ok_or_else(|| StoreError::NotFound { what: "push", key: loaded.revision })
    }
}

impl SubmittedPush {
    /// Fills in what is not told.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of the years to come are exact")]
    fn completed(&self, arrival: DateTime<Utc>) -> LoadedPush {
        let author = truncated(&self.author, AUTHOR_LENGTH).to_owned();
        let mut revisions = self.commits.clone();
        for commit in &mut revisions {
            let end = truncated(&commit.author, AUTHOR_LENGTH).len();
            commit.author.truncate(end);
        }
        if revisions.is_empty() {
            let (revision, author) = (self.revision.clone(), author.clone());
            revisions.push(Revision { revision, author, comment: String::new() });
        }
        let now = || arrival.timestamp_millis() as f64 / 1000.0;
        LoadedPush {
            revision: self.revision.clone(),
            push_timestamp: self.push_timestamp.unwrap_or_else(now),
            author,
            revisions,
            branch: None,
        }
    }

    /// Tells which member of a push an error of its storage is about, and what is wrong with it.
    #[must_use]
    pub fn place_of(error: &DataError) -> (&'static str, String) {
        let DataError { table, column, problem } = error;
        match (*table, *column) {
            ("commit", "comments") => ("commits", format!("message: {problem}")),
            ("commit", column) => ("commits", format!("{column}: {problem}")),
            (_, column) => (column, problem.to_string()),
        }
    }
}
