//! Old jobs, then the reference data that only they referred to.

use chrono::{DateTime, TimeDelta, Utc};

use super::Cycle;
use crate::store::{StoreError, Unused};

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemovedJobs {
    /// Jobs, with everything that belongs to them.
    pub jobs: u64,
    /// Rows of reference data.
    pub unused: u64,
    /// Whether nothing is left to remove; else the time was over.
    pub complete: bool,
}

impl Cycle {
    /// Removes the jobs that were submitted `days` ago or earlier, as seen at `now`, and what nothing refers to afterwards.
    ///
    /// Reference data is looked through even when removing jobs failed.
    ///
    /// # Errors
    /// When the database fails; what was removed before stays removed.
    pub async fn remove_jobs(&self, now: DateTime<Utc>, days: u32) -> Result<RemovedJobs, StoreError> {
        let mut removed = RemovedJobs::default();
        let jobs = self.remove_chunks(now - TimeDelta::days(days.into()), &mut removed).await;
        if let Err(error) = &jobs {
            tracing::error!(%error, removed = removed.jobs, "old jobs cannot be removed");
        }
        let unused = self.remove_unused(&mut removed).await;
        let (all_jobs, all_unused) = (jobs?, unused?);
        removed.complete = all_jobs && all_unused;
        Ok(removed)
    }

    /// Removes chunks of jobs until a young job is among them; false when the time is over before.
    async fn remove_chunks(
        &self,
        submitted: DateTime<Utc>,
        removed: &mut RemovedJobs,
    ) -> Result<bool, StoreError> {
        loop {
            let chunk = self.step(|| self.store.delete_old_jobs(submitted, self.options.chunk)).await?;
            let Some(jobs) = chunk else { return Ok(true) };
            removed.jobs += jobs;
            if !self.goes_on("jobs", jobs).await {
                return Ok(false);
            }
        }
    }

    async fn remove_unused(&self, removed: &mut RemovedJobs) -> Result<bool, StoreError> {
        for unused in Unused::ALL {
            let mut after = 0;
            loop {
                let chunk = self.step(|| self.store.delete_unused(unused, after, self.options.chunk)).await?;
                let Some((rows, last)) = chunk else { break };
                removed.unused += rows;
                after = last;
                if !self.goes_on(unused.table(), rows).await {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
