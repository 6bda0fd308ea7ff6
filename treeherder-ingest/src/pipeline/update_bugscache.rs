//! Bringing the copy of Bugzilla's bugs up to date (§7.1).

use super::{Handled, Pipeline, PipelineError};
use crate::bugzilla::{Bugzilla, update_bugs};

impl Pipeline {
    /// Fetches what has changed at Bugzilla, and counts that are too old to count are deleted on this occasion.
    pub(super) async fn update_bugscache(&self) -> Result<Handled, PipelineError> {
        let shared = &self.shared;
        shared.store.delete_old_line_counts().await?;
        let bugzilla = Bugzilla::new(shared.client.clone(), shared.options.bugzilla.clone());
        let update = update_bugs(&bugzilla, &shared.store).await?;
        tracing::info!(
            stored = update.stored,
            failed = update.failed,
            reopened = update.reopened,
            "bugs updated"
        );
        Ok(Handled::BugsUpdated(update))
    }
}
