//! Bringing copies of what others know up to date: bugs, security groups, changes (§7.1, §7.4, `spec/api.md` §3.22).

use super::{Handled, Pipeline, PipelineError};
use crate::bugzilla::{Bugzilla, update_bugs, update_security_groups};
use crate::changelog::{Changelog, update_changelog};

impl Pipeline {
    /// Fetches what has changed at Bugzilla, and counts that are too old to count are deleted on this occasion.
    pub(super) async fn update_bugscache(&self) -> Result<Handled, PipelineError> {
        let shared = &self.shared;
        shared.store.delete_old_line_counts().await?;
        let update = update_bugs(&self.bugzilla(), &shared.store).await?;
        tracing::info!(
            stored = update.stored,
            failed = update.failed,
            reopened = update.reopened,
            "bugs updated"
        );
        Ok(Handled::BugsUpdated(update))
    }

    /// Fetches who may see security bugs.
    pub(super) async fn update_security_groups(&self) -> Result<Handled, PipelineError> {
        let update = update_security_groups(&self.bugzilla(), &self.shared.store).await?;
        tracing::info!(products = update.products, failed = update.failed, "security groups updated");
        Ok(Handled::SecurityGroupsUpdated(update))
    }

    /// Fetches what changed in the watched projects.
    pub(super) async fn update_changelog(&self) -> Result<Handled, PipelineError> {
        let shared = &self.shared;
        let changelog = Changelog::new(shared.upstream.clone(), &shared.options.changelog_projects);
        let entries = update_changelog(&changelog, &shared.store).await?;
        tracing::info!(entries, "changelog updated");
        Ok(Handled::ChangelogUpdated { entries })
    }

    fn bugzilla(&self) -> Bugzilla {
        Bugzilla::new(self.shared.client.clone(), self.shared.options.bugzilla.clone())
    }
}
