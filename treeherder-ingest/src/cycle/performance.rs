//! Old performance data, by three strategies one after the other, then summaries of alerts without alerts.

use chrono::{DateTime, TimeDelta, Utc};

use super::Cycle;
use crate::store::{OldData, StoreError};

/// Days for which data points of all repositories are kept.
const MAIN_DAYS: i64 = 1095;
/// Days for which those of `try`, and of the repositories that nobody looks at for long, are kept.
const SHORT_DAYS: i64 = 730;
/// Days for which summaries without alerts are kept.
const SUMMARY_DAYS: i64 = 180;
/// The repository of tries.
const TRY: &str = "try";
/// Series of `try` that are looked through together.
const SERIES: u32 = 10;
/// Repositories whose data is kept for long; `try` has a strategy of its own.
const RELEVANT: [&str; 6] =
    ["autoland", "mozilla-central", "mozilla-beta", "fenix", "reference-browser", TRY];

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemovedData {
    /// Data points of all repositories.
    pub main: u64,
    /// Data points of `try`.
    pub try_data: u64,
    /// Data points of repositories that nobody looks at for long.
    pub irrelevant: u64,
    /// Summaries of alerts.
    pub summaries: u64,
    /// Whether nothing is left to remove; else the time was over.
    pub complete: bool,
}

impl Cycle {
    /// Removes data points and summaries of alerts that are too old at `now`; how old that is cannot be changed.
    ///
    /// # Errors
    /// When the database fails; what was removed before stays removed.
    pub async fn remove_performance_data(&self, now: DateTime<Utc>) -> Result<RemovedData, StoreError> {
        let mut removed = RemovedData::default();
        let before = |days: i64| now - TimeDelta::days(days);
        let main = OldData::Any { before: before(MAIN_DAYS) };
        let complete = self.remove_points(&main, &mut removed.main).await?
            && self.remove_try_data(before(SHORT_DAYS), &mut removed.try_data).await?
            && self.remove_irrelevant(before(SHORT_DAYS), &mut removed.irrelevant).await?
            && self.remove_summaries(before(SUMMARY_DAYS), &mut removed.summaries).await?;
        removed.complete = complete;
        if !complete {
            tracing::warn!(?removed, "the time for removing performance data is over");
        }
        Ok(removed)
    }

    /// Removes chunks until one has nothing; false when the time is over before.
    async fn remove_points(&self, which: &OldData, removed: &mut u64) -> Result<bool, StoreError> {
        loop {
            let chunk = self.options.chunk;
            let points = self.step(|| self.store.delete_old_data_points(which, chunk)).await?;
            if points == 0 {
                return Ok(true);
            }
            *removed += points;
            if !self.goes_on("data points", points).await {
                return Ok(false);
            }
        }
    }

    /// Series by series: an index leads to the old points of a series, and none to those of a repository.
    async fn remove_try_data(&self, before: DateTime<Utc>, removed: &mut u64) -> Result<bool, StoreError> {
        let Some(repository) = self.store.repository_by_name(TRY).await? else {
            tracing::warn!("there is no repository {TRY}, and so no data of it");
            return Ok(true);
        };
        let repository = repository.id;
        let mut below = None;
        loop {
            let series = self.store.newest_series(repository, below, SERIES).await?;
            let Some(last) = series.last().copied() else { return Ok(true) };
            below = Some(last);
            if !self.remove_points(&OldData::OfSeries { repository, series, before }, removed).await? {
                return Ok(false);
            }
        }
    }

    async fn remove_irrelevant(&self, before: DateTime<Utc>, removed: &mut u64) -> Result<bool, StoreError> {
        let mut repositories = self.store.repositories().await?;
        repositories.retain(|repository| !RELEVANT.contains(&repository.name.as_str()));
        // One after the other, all of them: upstream stops at the first that has nothing.
        for repository in repositories {
            let old = OldData::OfRepository { repository: repository.id, before };
            if !self.remove_points(&old, removed).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn remove_summaries(&self, created: DateTime<Utc>, removed: &mut u64) -> Result<bool, StoreError> {
        loop {
            let chunk = self.options.chunk;
            let summaries = self.step(|| self.store.delete_empty_alert_summaries(created, chunk)).await?;
            if summaries == 0 {
                return Ok(true);
            }
            *removed += summaries;
            if !self.goes_on("alert summaries", summaries).await {
                return Ok(false);
            }
        }
    }
}
