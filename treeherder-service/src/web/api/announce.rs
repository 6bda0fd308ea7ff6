//! Telling others that somebody classified a job.

use std::sync::Arc;

use axum::extract::FromRef;
use treeherder_ingest::events::{Event, EventBus};
use treeherder_ingest::store::classification::ChangedJob;

use crate::web::AppState;
use crate::web::accounts::Account;

/// Tells live readers what changed; an argument of handlers.
#[derive(Clone, Debug)]
pub(super) struct Announcer(Arc<dyn EventBus>);

impl FromRef<AppState> for Announcer {
    fn from_ref(state: &AppState) -> Self {
        Self(Arc::clone(state.live.pipeline.events()))
    }
}

impl Announcer {
    /// Tells that the classification or the bugs of these jobs were changed by this account.
    ///
    /// What was changed is stored already: when nobody can be told, they find it by asking.
    pub(super) async fn classified(&self, jobs: &[ChangedJob], account: &Account) {
        let event = |job: &ChangedJob| Event::job_classification(&job.repository, job.job_id, &account.email);
        let events: Vec<Event> = jobs.iter().map(event).collect();
        if let Err(error) = self.0.publish(&events).await {
            tracing::warn!(%error, jobs = jobs.len(), "cannot tell that jobs were classified");
        }
    }
}
