//! What is submitted to us: pushes, jobs and logs of any CI system, through the same loaders as everything else.

use bytes::Bytes;
use chrono::Utc;
use futures_core::Stream;
use futures_util::StreamExt as _;

use super::patience::patiently;
use super::store_tasks::parse_items;
use super::{Pipeline, PipelineError};
use crate::job::LoadedJob;
use crate::log::{LogUpload, ParseLogOptions, UploadError, Uploaded};
use crate::queue::Message;
use crate::store::entity::job_log;
use crate::store::failures::ErrorLine;
use crate::store::{JobOutcome, StoreError, SubmittedPush};

/// Name of the log that viewers open.
const LOG_NAME: &str = "live_backing_log";

/// What came of a submitted log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SubmittedLog {
    /// The log, as stored.
    pub log: job_log::Model,
    /// Its failure lines, as stored.
    pub failure_lines: Vec<ErrorLine>,
    /// Lines of the log.
    pub lines: u64,
    /// Bytes of the decoded log.
    pub bytes: u64,
}

/// Why a submitted log was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitLogError {
    /// It cannot be parsed or stored.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// Whoever sent it stopped.
    #[error("the log was not sent to its end: {0}")]
    Interrupted(String),
}

impl Pipeline {
    /// Stores a push that was submitted, and tells live readers when it is new. Of a push that is known, only what is told
    /// changes.
    ///
    /// # Errors
    /// When it does not fit, or the database fails.
    pub async fn submit_push(&self, repository_id: i32, push: &SubmittedPush) -> Result<(), StoreError> {
        self.shared.store.store_submitted_push(repository_id, push, Utc::now()).await?;
        Ok(())
    }

    /// Tells whether what belongs to a project is ingested here, see [`PipelineOptions::projects_to_ingest`].
    ///
    /// [`PipelineOptions::projects_to_ingest`]: super::PipelineOptions::projects_to_ingest
    #[must_use]
    pub fn takes(&self, project: &str) -> bool {
        self.shared.filter.has_project(project)
    }

    /// Stores jobs that were submitted and queues the parsing of the logs that they refer to.
    ///
    /// Submitting them again changes nothing. Times that they leave out are guessed, see [`Store::store_submitted_jobs`].
    ///
    /// [`Store::store_submitted_jobs`]: crate::store::Store::store_submitted_jobs
    ///
    /// # Errors
    /// When the database or the queue fails; then all of it can be submitted again.
    pub async fn submit_jobs(&self, jobs: &[LoadedJob]) -> Result<Vec<JobOutcome>, PipelineError> {
        let shared = &self.shared;
        let arrival = Utc::now();
        let outcomes = patiently(|| shared.store.store_submitted_jobs(jobs, arrival)).await?;
        let messages: Vec<Vec<Message>> = outcomes.iter().map(parse_items).collect::<Result<_, _>>()?;
        let messages: Vec<Message> = messages.into_iter().flatten().collect();
        if !messages.is_empty() {
            shared.queue.publish(&messages).await?;
            shared.counters.parse_items.add(messages.len() as u64);
        }
        let stored = outcomes.iter().filter(|outcome| outcome.status.is_stored()).count();
        shared.counters.jobs_stored.add(stored as u64);
        Ok(outcomes)
    }

    /// Parses the log of a job while it arrives, at most `limit` bytes of it, and keeps it for viewers.
    ///
    /// `url` is where it can be read from then on. A log that was submitted before is replaced, its failure lines too.
    ///
    /// # Errors
    /// When it is damaged, too long or not sent to its end, or the database fails. A log submitted before stays then.
    pub async fn submit_log<E: std::fmt::Display>(
        &self,
        job_id: i64,
        url: &str,
        limit: u64,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<SubmittedLog, SubmitLogError> {
        let shared = &self.shared;
        let options = ParseLogOptions {
            fetch: &shared.options.log_fetch,
            rules: shared.options.rules.as_ref(),
            text_log_performance: &[],
        };
        let begun = LogUpload::begin(&shared.store, &shared.parse_pool, url, options, limit).await;
        let mut upload = begun?;
        let mut body = std::pin::pin!(body);
        while let Some(piece) = body.next().await {
            let fed = match piece {
                Ok(piece) => upload.feed(&piece).await.map_err(SubmitLogError::from),
                Err(error) => Err(SubmitLogError::Interrupted(error.to_string())),
            };
            if let Err(error) = fed {
                upload.abort().await;
                return Err(error);
            }
        }
        match upload.finish().await {
            Ok(uploaded) => Ok(self.store_upload(job_id, url, uploaded).await?),
            Err(error) => {
                upload.abort().await;
                Err(error.into())
            }
        }
    }

    async fn store_upload(
        &self,
        job_id: i64,
        url: &str,
        uploaded: Uploaded,
    ) -> Result<SubmittedLog, UploadError> {
        let store = &self.shared.store;
        let Uploaded { parsed, kept_id, bytes } = uploaded;
        let mut failure_lines = parsed.failure_lines.clone();
        failure_lines.retain(|line| i32::try_from(line.line_number).is_ok());
        let log = store.kept_job_log(job_id, LOG_NAME, url).await?;
        store.finish_kept_log(kept_id, log.id, bytes).await?;
        store.store_log_index(log.id, &parsed.index).await?;
        patiently(|| store.replace_error_lines(job_id, log.id, &failure_lines)).await?;
        self.count_parsed(&parsed);
        Ok(SubmittedLog {
            log,
            failure_lines,
            lines: parsed.report.summary.lines,
            bytes: parsed.report.summary.bytes,
        })
    }
}
