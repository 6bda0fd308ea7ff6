//! Pushes: messages, polls (§3.3, §3.7, §3.8).

use serde_json::Value;

use super::{Handled, Pipeline, PipelineError, WorkItem};
use crate::push::{PushOutcome, PushlogPoll, poll_pushlog, process_push_message};
use crate::queue::Message;

impl Pipeline {
    /// Stores the pushes that a message tells about. Jobs that came before their push find it at their next try.
    pub(super) async fn store_push(&self, exchange: &str, body: &Value) -> Result<Handled, PipelineError> {
        let shared = &self.shared;
        let outcome = process_push_message(&shared.upstream, &shared.store, exchange, body).await?;
        match &outcome {
            PushOutcome::Stored { revisions, .. } => {
                shared.counters.pushes_stored.add(revisions.len() as u64);
            }
            PushOutcome::UnknownRepository { .. } => shared.counters.drop("unknown-push-repository"),
            PushOutcome::AmbiguousRepository { .. } => shared.counters.drop("ambiguous-push-repository"),
        }
        Ok(Handled::Push(outcome))
    }

    /// Queues a poll for every active Mercurial repository.
    pub(super) async fn queue_polls(&self) -> Result<Handled, PipelineError> {
        let repositories = self.shared.store.active_hg_repositories().await?;
        let messages: Vec<Message> = repositories
            .into_iter()
            .map(|repository| {
                WorkItem::FetchHgPushLogs { name: repository.name, url: repository.url }.to_message()
            })
            .collect::<Result<_, _>>()?;
        self.shared.queue.publish(&messages).await?;
        Ok(Handled::PollsQueued { polls: messages.len() })
    }

    /// Reads what is new in a pushlog.
    pub(super) async fn poll(&self, name: &str, url: &str) -> Result<Handled, PipelineError> {
        let shared = &self.shared;
        let repository = shared.store.repository_by_name(name).await?;
        let repository = repository
            .filter(|repository| repository.active_status == "active")
            .ok_or_else(|| PipelineError::NoRepository(name.to_owned()))?;
        let poll = PushlogPoll::new(repository.id, name, url);
        let revision = poll_pushlog(&shared.upstream, &shared.store, &shared.store, poll).await?;
        Ok(Handled::Polled { revision })
    }
}
