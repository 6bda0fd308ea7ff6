//! The index of this process, as new as the bugs are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::BugIndex;
use crate::store::{Store, StoreError};

/// After this time the index is made anew even if nobody told of a change: somebody may have written by hand.
const OLDEST: Duration = Duration::from_secs(600);

/// Searches the bugs of a store in memory; clones share one index, which is made when it is first needed.
#[derive(Clone, Debug)]
pub struct BugSearch {
    store: Store,
    current: Arc<Mutex<Option<Current>>>,
    /// Held while the index is made anew, so that it is made once.
    making: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Debug)]
struct Current {
    index: Arc<BugIndex>,
    version: String,
    made: Instant,
}

impl BugSearch {
    /// Makes a search whose index is empty so far.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, current: Arc::default(), making: Arc::default() }
    }

    /// The store that is searched.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the index of the bugs as they are now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn index(&self) -> Result<Arc<BugIndex>, StoreError> {
        let version = self.store.bugs_version().await?;
        if let Some(index) = self.fresh(&version) {
            return Ok(index);
        }
        let _making = self.making.lock().await;
        // Before the bugs are read: a change meanwhile makes the next caller look again.
        let version = self.store.bugs_version().await?;
        if let Some(index) = self.fresh(&version) {
            return Ok(index);
        }
        let bugs = self.store.indexed_bugs().await?;
        let index = tokio::task::spawn_blocking(move || BugIndex::new(bugs)).await;
        let index = Arc::new(index.map_err(|error| StoreError::Value(format!("the bugs' index: {error}")))?);
        tracing::debug!(bugs = index.len(), bytes = index.bytes(), "bugs indexed");
        let current = Current { index: Arc::clone(&index), version, made: Instant::now() };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
        Ok(index)
    }

    fn fresh(&self, version: &str) -> Option<Arc<BugIndex>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (current.version == version && current.made.elapsed() < OLDEST).then_some(current.index)
    }
}
