//! Telling live readers what belongs to no change of the database.
//!
//! What is stored tells of itself: its events are written in the same transaction (see [`crate::events`]).

use super::Pipeline;
use crate::events::Event;
use crate::store::StoreError;

impl Pipeline {
    /// Counts the failures that nobody has classified and tells the count of each active repository (§4.5).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn announce_unclassified(&self) -> Result<usize, StoreError> {
        let counts = self.shared.store.unclassified_counts(chrono::Utc::now()).await?;
        let events: Vec<Event> = counts
            .iter()
            .map(|count| Event::unclassified_failure_count(&count.branch, count.count, count.count_excluded))
            .collect();
        self.shared.store.append_events(&events).await?;
        Ok(events.len())
    }
}
