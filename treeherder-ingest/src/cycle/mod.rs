//! Data cycling: what is too old is removed, a few rows at a time (`spec/ingest.md` §7.6).
//!
//! Each step is one short transaction, so that a run can end at any moment, and goes on beside everything else. Backfill reports,
//! which upstream removes here too, are not part of this version.

mod jobs;
mod options;
mod performance;

pub use jobs::RemovedJobs;
pub use options::{CycleOptions, RETENTION_DAYS};
pub use performance::RemovedData;

use crate::store::{Store, StoreError};

/// Removes old data.
///
/// ```no_run
/// # use treeherder_ingest::{cycle::{Cycle, CycleOptions}, store::Store};
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::connect("sqlite://treeherder.sqlite?mode=rwc", 1).await?;
/// let removed = Cycle::new(store, CycleOptions::default()).remove_jobs(chrono::Utc::now(), 120).await?;
/// println!("{} jobs are gone", removed.jobs);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cycle {
    store: Store,
    options: CycleOptions,
}

impl Cycle {
    /// Makes a run on this database.
    #[must_use]
    pub fn new(store: Store, options: CycleOptions) -> Self {
        Self { store, options }
    }

    /// Does a step again while the database is busy or steps of others collide with it.
    async fn step<T, F>(&self, step: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut tries = 0;
        loop {
            match step().await {
                Err(error) if error.is_busy() && tries < self.options.tries => {
                    tracing::debug!(%error, "the database is busy, trying again");
                    tries += 1;
                    tokio::time::sleep(self.options.busy_pause * tries).await;
                }
                result => return result,
            }
        }
    }

    /// Tells what a step removed and waits; false when the time is over.
    async fn goes_on(&self, what: &str, rows: u64) -> bool {
        if self.options.tell {
            tracing::info!(what, rows, "removed");
        } else {
            tracing::debug!(what, rows, "removed");
        }
        tokio::time::sleep(self.options.pause).await;
        self.options.until.is_none_or(|until| tokio::time::Instant::now() < until)
    }
}
