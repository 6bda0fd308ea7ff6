//! The log parser: raw logs and error summaries of a job (§5.1, §5.2, §5.8).

use treeherder_logparse::errorsummary::{ErrorSummary, Options as SummaryOptions};

use super::patience::patiently;
use super::{Handled, LogOutcome, LogResult, Pipeline, PipelineError};
use crate::job::LogStatus;
use crate::log::{
    ArtifactKind, FetchError, ParseLogError, ParseLogOptions, ParsedLog, fetch_error_summary, parse_log,
};
use crate::perf::check;
use crate::queue::error_text;
use crate::store::LogJob;
use crate::store::entity::job_log;
use crate::store::failures::{FailureLineRow, GroupResultRow};
use crate::store::performance::StoredPerformance;

/// What a work item wants to be done with logs of a job; logs of other kinds are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogWork {
    /// Parse raw logs and error summaries.
    Parse,
    /// Ingest Perfherder artifacts.
    IngestPerformance,
}

impl Pipeline {
    /// Does `work` on those of a job's logs that are pending or failed, one after the other (§5.1).
    ///
    /// # Errors
    /// The first error, when all logs had their turn.
    pub(super) async fn work_on_logs(
        &self,
        job_id: i64,
        ids: &[i64],
        work: LogWork,
    ) -> Result<Handled, PipelineError> {
        let store = &self.shared.store;
        let known: Vec<i32> = ids.iter().filter_map(|id| i32::try_from(*id).ok()).collect();
        let logs = patiently(|| store.job_logs(job_id, &known)).await?;
        if logs.len() < ids.len() {
            // Without the job it is an error, which is retried: it may have been stored by a process that is ahead of ours.
            store.log_job(job_id).await?;
            tracing::warn!(
                job.id = job_id,
                asked = ids.len(),
                found = logs.len(),
                "some logs of a job are gone"
            );
        }
        let mut outcomes = Vec::with_capacity(logs.len());
        let mut first_error = None;
        for log in &logs {
            let status = status_of(log);
            let result = match status {
                LogStatus::Parsed | LogStatus::SkippedSize => Ok(LogResult::Skipped(status)),
                // Boxed: what is written about a log makes its future large, and stacks are not.
                LogStatus::Pending | LogStatus::Failed => Box::pin(self.work_on_log(log, work)).await,
            };
            match result {
                Ok(result) => outcomes.push(LogOutcome { job_log_id: log.id, result }),
                Err(error) if first_error.is_none() => first_error = Some(error),
                Err(error) => {
                    tracing::error!(
                        job_log.id = log.id,
                        error = error_text(&error),
                        "a further log of the job failed"
                    );
                }
            }
        }
        first_error.map_or(Ok(Handled::Logs(outcomes)), Err)
    }

    async fn work_on_log(&self, log: &job_log::Model, work: LogWork) -> Result<LogResult, PipelineError> {
        match (work, ArtifactKind::of_log(&log.name)) {
            (LogWork::Parse, Some(ArtifactKind::RawLog)) => self.parse_raw_log(log).await,
            (LogWork::Parse, Some(ArtifactKind::ErrorSummary)) => self.parse_error_summary(log).await,
            (LogWork::IngestPerformance, Some(ArtifactKind::PerfherderData)) => {
                self.ingest_artifact(log).await
            }
            _ => Ok(LogResult::Skipped(status_of(log))),
        }
    }

    async fn parse_raw_log(&self, log: &job_log::Model) -> Result<LogResult, PipelineError> {
        let shared = &self.shared;
        let options = ParseLogOptions {
            fetch: &shared.options.log_fetch,
            rules: shared.options.rules.as_ref(),
            text_log_performance: &shared.options.text_log_performance,
        };
        let parsed = match parse_log(&shared.client, &log.url, options, &shared.parse_pool).await {
            Ok(parsed) => parsed,
            Err(error) => return self.raw_log_failed(log, error).await,
        };
        let mut failure_lines = parsed.failure_lines.clone();
        failure_lines.retain(|line| i32::try_from(line.line_number).is_ok());
        if failure_lines.len() < parsed.failure_lines.len() {
            tracing::warn!(job_log.id = log.id, "failure lines beyond line 2147483647 cannot be stored");
        }
        patiently(|| shared.store.store_parsed_log(log.job_id, log.id, &failure_lines)).await?;
        if !parsed.index.checkpoints().is_empty() {
            // The index of a small log is made when somebody looks.
            patiently(|| shared.store.store_log_index(log.id, &parsed.index)).await?;
        }
        self.count_parsed(&parsed);
        let performance = self.store_log_performance(log, &parsed).await?;
        Ok(LogResult::Parsed {
            failure_lines: failure_lines.len(),
            lines: parsed.report.summary.lines,
            bytes: parsed.report.summary.bytes,
            truncated: parsed.report.decoded.truncated,
            performance,
        })
    }

    /// Stores what performance data a text log may bring (§6.3); the log's status does not depend on it.
    async fn store_log_performance(
        &self,
        log: &job_log::Model,
        parsed: &ParsedLog,
    ) -> Result<Vec<StoredPerformance>, PipelineError> {
        let mut stored = Vec::new();
        for data in &parsed.performance {
            match check(data) {
                Ok(_) => stored.push(self.store_performance(log.job_id, data).await?),
                Err(error) => {
                    tracing::warn!(job_log.id = log.id, %error, "performance data of a log ignored");
                }
            }
        }
        Ok(stored)
    }

    async fn raw_log_failed(
        &self,
        log: &job_log::Model,
        error: ParseLogError,
    ) -> Result<LogResult, PipelineError> {
        self.shared.counters.logs_failed.add(1);
        let status = error.status().unwrap_or(LogStatus::Failed);
        self.set_failed(log, status, error.is_retried()).await?;
        if error.is_retried() {
            return Err(PipelineError::Log { job_log_id: log.id, source: error });
        }
        tracing::warn!(job_log.id = log.id, %error, ?status, "log given up");
        Ok(LogResult::Failed { status, error: error.to_string() })
    }

    /// Notes that a log failed. When even that fails, the work item is tried again, if it is not anyway.
    pub(super) async fn set_failed(
        &self,
        log: &job_log::Model,
        status: LogStatus,
        is_retried: bool,
    ) -> Result<(), PipelineError> {
        match patiently(|| self.shared.store.set_log_failed(log.id, status)).await {
            Err(error) if is_retried => {
                tracing::warn!(job_log.id = log.id, %error, "cannot set the status of a log");
                Ok(())
            }
            result => Ok(result?),
        }
    }

    async fn parse_error_summary(&self, log: &job_log::Model) -> Result<LogResult, PipelineError> {
        let shared = &self.shared;
        let options = &shared.options.error_summary_fetch;
        let text = match fetch_error_summary(&shared.client, &log.url, options).await {
            Ok(text) => text,
            Err(error) => return self.artifact_failed(log, error).await,
        };
        if text.is_empty() {
            return Ok(LogResult::Empty);
        }
        let summary = shared
            .parse_pool
            .run(move || ErrorSummary::parse(text.as_bytes(), SummaryOptions::default()))
            .await;
        if let Some(source) = summary.error {
            shared.counters.artifacts_failed.add(1);
            return Err(PipelineError::ErrorSummary { job_log_id: log.id, source });
        }
        for unknown in &summary.unknown_actions {
            tracing::error!(
                job_log.id = log.id,
                line = unknown.line_number,
                action = unknown.action,
                "unknown action in an error summary ignored"
            );
        }
        if !summary.rejected_groups.is_empty() {
            let number = summary.rejected_groups.len();
            tracing::warn!(
                job_log.id = log.id,
                number,
                "groups of an error summary left out: no manifest has such a path"
            );
        }
        let LogJob { guid, repository_id, .. } = shared.store.log_job(log.job_id).await?;
        let lines: Vec<FailureLineRow> =
            summary.failure_lines.into_iter().map(FailureLineRow::from).collect();
        let groups: Vec<GroupResultRow> =
            summary.group_results.into_iter().map(GroupResultRow::from).collect();
        let stored =
            patiently(|| shared.store.store_error_summary(log.id, &guid, repository_id, &lines, &groups))
                .await?;
        shared.counters.error_summaries.add(1);
        shared.counters.summary_lines.add(stored.failure_lines);
        shared.counters.group_results.add(stored.group_statuses);
        Ok(LogResult::ErrorSummary(stored))
    }

    /// Deals with an error summary or Perfherder artifact that could not be fetched.
    pub(super) async fn artifact_failed(
        &self,
        log: &job_log::Model,
        error: FetchError,
    ) -> Result<LogResult, PipelineError> {
        self.shared.counters.artifacts_failed.add(1);
        if let Some(status) = error.status() {
            self.set_failed(log, status, error.is_retried()).await?;
        }
        if error.is_retried() {
            return Err(PipelineError::Log { job_log_id: log.id, source: error.into() });
        }
        let status = error.status().unwrap_or_else(|| status_of(log));
        tracing::warn!(job_log.id = log.id, %error, ?status, "artifact given up");
        Ok(LogResult::Failed { status, error: error.to_string() })
    }

    pub(super) fn count_parsed(&self, parsed: &ParsedLog) {
        let counters = &self.shared.counters;
        counters.logs_parsed.add(1);
        counters.logs_truncated.add(u64::from(parsed.report.decoded.truncated));
        counters.compressed_bytes.add(parsed.report.decoded.compressed_bytes);
        counters.decoded_bytes.add(parsed.report.summary.bytes);
        counters.lines.add(parsed.report.summary.lines);
        counters.failure_lines.add(parsed.failure_lines.len() as u64);
    }
}

/// The status of a log; a number that nobody knows counts as pending, so that the log is not lost.
fn status_of(log: &job_log::Model) -> LogStatus {
    LogStatus::from_code(log.status).unwrap_or(LogStatus::Pending)
}
