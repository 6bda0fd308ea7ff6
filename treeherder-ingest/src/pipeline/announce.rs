//! Telling live readers what was stored, after the commit.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Pipeline;
use crate::events::Event;
use crate::push::{LoadedPush, PushStore, PushStoreError, RepositoryRule};
use crate::store::entity::job_log;
use crate::store::failures::ErrorLine;
use crate::store::{EventJob, JobOutcome, StoreError};

/// Jobs that one event tells about at most, so that its body stays small.
const JOBS_PER_EVENT: usize = 200;

impl Pipeline {
    /// Publishes events; a failure is logged, since they are hints and what they tell about is stored.
    pub async fn announce(&self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        if let Err(error) = self.shared.events.publish(events).await {
            tracing::warn!(%error, events = events.len(), "live events are lost");
        }
    }

    /// Tells which jobs of a batch were stored: one event for each repository.
    pub(super) async fn announce_jobs(&self, outcomes: &[JobOutcome]) {
        let stored = outcomes.iter().filter(|outcome| outcome.status.is_stored());
        let mut ids: Vec<i64> = stored.filter_map(|outcome| outcome.job_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return;
        }
        let jobs = match self.shared.store.event_jobs(&ids).await {
            Ok(jobs) => jobs,
            Err(error) => return untold(&error),
        };
        let mut branches: BTreeMap<&str, Vec<&EventJob>> = BTreeMap::new();
        for job in &jobs {
            branches.entry(&job.branch).or_default().push(job);
        }
        let mut events = Vec::with_capacity(branches.len());
        for (branch, jobs) in branches {
            events.extend(jobs.chunks(JOBS_PER_EVENT).map(|jobs| Event::jobs(branch, jobs.iter().copied())));
        }
        self.announce(&events).await;
    }

    /// Tells that a raw log was parsed: its failure lines, and that the job has failed if it has.
    pub(super) async fn announce_log(&self, log: &job_log::Model, lines: &[ErrorLine]) {
        let jobs = match self.shared.store.event_jobs(&[log.job_id]).await {
            Ok(jobs) => jobs,
            Err(error) => return untold(&error),
        };
        let Some(job) = jobs.first() else { return };
        let mut events = Vec::new();
        if !lines.is_empty() {
            let lines = lines.iter().map(|line| (line.line_number, line.line.as_str()));
            events.push(Event::failure_lines(job, lines));
        }
        if job.is_failed() {
            events.push(Event::job_failure(&job.branch, job.id));
        }
        self.announce(&events).await;
    }

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
        self.announce(&events).await;
        Ok(events.len())
    }
}

fn untold(error: &StoreError) {
    tracing::warn!(%error, "cannot read what live events are to tell");
}

/// The database as the place where pushes are kept, with an event for each that is new.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnnouncedPushes<'a>(pub(super) &'a Pipeline);

#[async_trait]
impl PushStore for AnnouncedPushes<'_> {
    async fn repositories_at(&self, url: &str) -> Result<Vec<RepositoryRule>, PushStoreError> {
        self.0.shared.store.repositories_at(url).await
    }

    async fn store_push(&self, repository_id: i32, push: &LoadedPush) -> Result<(), PushStoreError> {
        let store = &self.0.shared.store;
        // Polls find pushes again of which messages have told.
        let is_known = store.has_push(repository_id, &push.revision).await?;
        let id = store.store_push(repository_id, push).await?;
        if !is_known {
            match store.event_push(id).await {
                Ok(Some(push)) => self.0.announce(&[Event::push(&push)]).await,
                Ok(None) => {}
                Err(error) => untold(&error),
            }
        }
        Ok(())
    }
}
