//! From messages on a queue to work items, and from their results to outcomes.

use async_trait::async_trait;
use futures_util::future::join_all;
use tracing::Instrument as _;

use super::store_tasks::TaskItem;
use super::{Handled, Pipeline, PipelineError, WorkItem, WorkItemError};
use crate::queue::{Delivery, Handler, Outcome, QueueName, error_text};

/// Handles the messages of one queue.
pub(super) struct QueueHandler {
    pipeline: Pipeline,
    queue: QueueName,
}

impl QueueHandler {
    pub(super) fn new(pipeline: Pipeline, queue: QueueName) -> Self {
        Self { pipeline, queue }
    }

    /// Reads a message; a task that does not belong on this queue is an error.
    fn read(&self, delivery: &Delivery) -> Result<WorkItem, WorkItemError> {
        let item = WorkItem::from_payload(&delivery.payload)?;
        if item.queues().contains(&self.queue) {
            Ok(item)
        } else {
            Err(WorkItemError::WrongQueue { task: item.task(), queue: self.queue })
        }
    }

    async fn handle_one(&self, delivery: &Delivery) -> Outcome {
        let item = match self.read(delivery) {
            Ok(item) => item,
            Err(error) => return failed(&error.into()),
        };
        match self.pipeline.handle(&item).await {
            Ok(_) => Outcome::Done,
            Err(error) if !item.is_retryable() => {
                // It comes around by itself: a dead letter for each poll of an outage would help nobody.
                tracing::error!(
                    task = item.task(),
                    error = error_text(&error),
                    "not tried again, the schedule repeats it"
                );
                self.pipeline.shared.counters.polls_failed.add(1);
                Outcome::Done
            }
            Err(error) => failed(&error),
        }
    }

    /// Stores all task events of the batch together.
    async fn handle_tasks(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let read: Vec<_> = batch.iter().map(|delivery| self.read(delivery)).collect();
        let items: Vec<TaskItem<'_>> = read
            .iter()
            .filter_map(|item| match item {
                Ok(WorkItem::StorePulseTasks { body, exchange, root_url, .. }) => {
                    Some(TaskItem { exchange, body, root_url })
                }
                _ => None,
            })
            .collect();
        let mut stored = match self.pipeline.store_tasks(&items).await {
            Ok(results) => results.into_iter(),
            Err(error) => {
                let error_text = error_text(&error);
                tracing::warn!(error = error_text, size = batch.len(), "a batch of task events failed");
                let outcome = if batch.len() > 1 && error.is_of_one_item() {
                    Outcome::Isolate { error: error_text }
                } else {
                    Outcome::failed(&error)
                };
                return vec![outcome; batch.len()];
            }
        };
        let outcomes = read.into_iter().map(|item| match item {
            Ok(_) => stored.next().map_or_else(missing_result, outcome),
            Err(error) => failed(&error.into()),
        });
        outcomes.collect()
    }
}

#[async_trait]
impl Handler for QueueHandler {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Outcome> {
        if self.queue == QueueName::StorePulseTasks {
            return self.handle_tasks(&batch).await;
        }
        let mut handled = Vec::with_capacity(batch.len());
        for delivery in &batch {
            let span = tracing::info_span!("work item", message.id = delivery.receipt.id());
            handled.push(self.handle_one(delivery).instrument(span));
        }
        join_all(handled).await
    }
}

fn outcome(result: Result<Handled, PipelineError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(error) => failed(&error),
    }
}

fn failed(error: &PipelineError) -> Outcome {
    let outcome = Outcome::failed(error);
    tracing::warn!(?outcome, "a work item failed");
    outcome
}

/// Every item has a result; should one ever lack it, trying again is the safe answer.
fn missing_result() -> Outcome {
    Outcome::Retry { error: "the batch has no result for this item".to_owned() }
}
