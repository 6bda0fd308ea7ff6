//! Task events to jobs, many at once (§4.2, §4.7–4.10).

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::Value;

use super::patience::patiently;
use super::{Handled, LogPriority, Pipeline, PipelineError, WorkItem};
use crate::bridge;
use crate::job::{self, LoadedJob, LogStatus, schedule};
use crate::monitor::Metric;
use crate::queue::{Message, QueueName};
use crate::store::{JobOutcome, JobStatus, LogKind};
use crate::task::{self, TaskEvent};

/// A task event as it travels.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskItem<'a> {
    pub(super) exchange: &'a str,
    pub(super) body: &'a Value,
    pub(super) root_url: &'a str,
}

/// What an event says once the definition of its task is known.
enum Prepared {
    /// The job, and how long it took to make it of the definition.
    Job(Box<LoadedJob>, Duration),
    Dropped(&'static str),
}

impl Pipeline {
    /// Stores the job that one task event tells about.
    pub(super) async fn store_task(
        &self,
        exchange: &str,
        body: &Value,
        root_url: &str,
    ) -> Result<Handled, PipelineError> {
        let results = self.store_tasks(&[TaskItem { exchange, body, root_url }]).await?;
        results.into_iter().next().unwrap_or(Ok(Handled::Dropped { reason: "no-result" }))
    }

    /// Stores the jobs that task events tell about, as if one came after the other, and returns a result for each.
    ///
    /// Definitions are asked for concurrently; then there is one transaction for all jobs and one publication of all
    /// items that parse their logs. Items are published also for jobs that were stored before: the message may be
    /// the second delivery of one whose first ended between the two steps.
    ///
    /// # Errors
    /// When the batch failed as a whole. Then nothing of it is lost: it can be handled again.
    pub(super) async fn store_tasks(
        &self,
        items: &[TaskItem<'_>],
    ) -> Result<Vec<Result<Handled, PipelineError>>, PipelineError> {
        let shared = &self.shared;
        let start = Instant::now();
        let limit = shared.options.concurrent_definitions.max(1);
        let mut preparations = Vec::with_capacity(items.len());
        for item in items {
            preparations.push(self.prepare(*item));
        }
        let prepared: Vec<Result<Prepared, PipelineError>> =
            futures_util::stream::iter(preparations).buffered(limit).collect().await;
        let mut jobs = Vec::with_capacity(prepared.len());
        let mut waiting = Vec::with_capacity(prepared.len());
        let mut loading = Duration::ZERO;
        for result in prepared {
            waiting.push(match result {
                Ok(Prepared::Job(job, took)) => {
                    jobs.push(*job);
                    loading += took;
                    None
                }
                Ok(Prepared::Dropped(reason)) => Some(Ok(reason)),
                Err(error) => Some(Err(error)),
            });
        }
        let storing = Instant::now();
        let outcomes = patiently(|| shared.store.store_jobs(&jobs)).await?;
        let storing = storing.elapsed();
        Metric::ProcessJobStore.record(&[], storing, jobs.len());
        Metric::LoadJob.record(&[], loading + storing, jobs.len());
        let messages: Vec<Vec<Message>> = outcomes.iter().map(parse_items).collect::<Result<_, _>>()?;
        let parse_items: Vec<usize> = messages.iter().map(Vec::len).collect();
        let messages: Vec<Message> = messages.into_iter().flatten().collect();
        if !messages.is_empty() {
            shared.queue.publish(&messages).await?;
            shared.counters.parse_items.add(messages.len() as u64);
        }
        Metric::PulseHandleMessage.record(&[], start.elapsed(), items.len());
        let mut stored = jobs.iter().zip(outcomes).zip(parse_items);
        let results = waiting.into_iter().map(|waiting| match waiting {
            Some(Ok(reason)) => Ok(self.dropped(reason)),
            Some(Err(error)) => Err(error),
            None => match stored.next() {
                Some(((job, outcome), parse_items)) => self.job_result(job, outcome, parse_items),
                None => Ok(self.dropped("no-result")),
            },
        });
        Ok(results.collect())
    }

    /// Turns an event into the job to store.
    async fn prepare(&self, item: TaskItem<'_>) -> Result<Prepared, PipelineError> {
        let shared = &self.shared;
        if bridge::is_job_exchange(item.exchange) {
            return Ok(self.prepare_published(item.body));
        }
        let event = TaskEvent::from_value(item.exchange, item.body)?;
        let limit = shared.options.definition_time;
        let handled = task::handle(&event, item.root_url, shared.tasks.as_ref(), &shared.filter);
        let handled = tokio::time::timeout(limit, handled)
            .await
            .map_err(|_| PipelineError::DefinitionTime { task_id: event.task_id().to_owned(), limit })??;
        let message = match handled {
            task::Outcome::Job(message) => *message,
            task::Outcome::Dropped(reason) => return Ok(Prepared::Dropped(reason.label())),
        };
        let start = Instant::now();
        match job::load(message) {
            Ok(job) => Ok(Prepared::Job(Box::new(job), start.elapsed())),
            Err(error) => {
                // As upstream has it (§4.7): whoever wrote the task has to correct it.
                tracing::error!(task_id = event.task_id(), run_id = event.run_id(), %error, "job dropped");
                Ok(Prepared::Dropped("invalid-job"))
            }
        }
    }

    /// Turns a job message, which a bridge made of an event, into the job to store.
    fn prepare_published(&self, body: &Value) -> Prepared {
        let start = Instant::now();
        match bridge::job_of_message(body.clone()) {
            Ok(job) if !self.shared.filter.has_project(&job.repository) => Prepared::Dropped("filtered"),
            Ok(job) => Prepared::Job(Box::new(job), start.elapsed()),
            Err(error) => {
                tracing::error!(%error, "published job dropped");
                Prepared::Dropped("invalid-job")
            }
        }
    }

    fn dropped(&self, reason: &'static str) -> Handled {
        self.shared.counters.drop(reason);
        Handled::Dropped { reason }
    }

    /// Tells what the outcome in the store means for the message.
    ///
    /// A missing push is tried again. That the project is one to ingest was checked before ([`task::handle`]), so
    /// that Q-13 (an ignored project without push) cannot come up here.
    fn job_result(
        &self,
        job: &LoadedJob,
        outcome: JobOutcome,
        parse_items: usize,
    ) -> Result<Handled, PipelineError> {
        let (guid, repository, revision) = (outcome.guid, job.repository.clone(), job.revision.clone());
        match outcome.status {
            status @ (JobStatus::Created | JobStatus::Updated) => {
                self.shared.counters.jobs_stored.add(1);
                Ok(Handled::Job { guid, status, parse_items })
            }
            status @ JobStatus::Ignored => {
                self.shared.counters.jobs_ignored.add(1);
                Ok(Handled::Job { guid, status, parse_items })
            }
            JobStatus::UnknownRepository => {
                tracing::info!(repository, guid, "job of an unknown repository dropped");
                Ok(self.dropped("unknown-repository"))
            }
            JobStatus::InactiveRepository => {
                tracing::debug!(repository, guid, "job of a repository on hold dropped");
                Ok(self.dropped("inactive-repository"))
            }
            JobStatus::MissingPush => Err(PipelineError::MissingPush { guid, repository, revision }),
            JobStatus::AmbiguousPush => Err(PipelineError::AmbiguousPush { guid, repository, revision }),
            JobStatus::Rejected(source) => Err(PipelineError::Rejected { guid, source }),
        }
    }
}

/// Makes the items that parse the logs of a stored job (§4.10).
pub(super) fn parse_items(outcome: &JobOutcome) -> Result<Vec<Message>, PipelineError> {
    let Some(job_id) = outcome.job_id else { return Ok(Vec::new()) };
    let mut messages = Vec::new();
    for log in outcome.logs.iter().filter(|log| log.status == LogStatus::Pending) {
        let job_log_ids = vec![i64::from(log.id)];
        let dispatch = match log.kind {
            LogKind::Log => {
                schedule::log_dispatch(&outcome.repository, &outcome.result, &log.name, log.status)
            }
            LogKind::Perfherder => schedule::perfherder_dispatch(&log.name, log.status),
        };
        let Some(dispatch) = dispatch else { continue };
        let queue: QueueName = dispatch.queue.parse().map_err(crate::queue::QueueError::from)?;
        let item = match log.kind {
            LogKind::Log => {
                let priority = if dispatch.priority == Some("normal") {
                    LogPriority::Normal
                } else {
                    LogPriority::Failures
                };
                WorkItem::LogParser { job_id, job_log_ids, priority }
            }
            LogKind::Perfherder => WorkItem::IngestPerfherderData { job_id, job_log_ids },
        };
        messages.push(item.to_message_on(queue)?);
    }
    Ok(messages)
}
