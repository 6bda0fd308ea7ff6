//! Perfherder artifacts of a job (§5.7, §6.3).

use serde_json::Value;
use treeherder_logparse::perf::{PerformanceData, ProblemKind, parse_json};

use super::patience::patiently;
use super::{LogResult, Pipeline, PipelineError};
use crate::job::LogStatus;
use crate::log::fetch_perfherder_json;
use crate::perf::check;
use crate::store::entity::job_log;
use crate::store::performance::StoredPerformance;

/// What a Perfherder file holds.
enum Content {
    Nothing,
    Artifact(Box<PerformanceData>),
}

impl Pipeline {
    /// Ingests one Perfherder artifact.
    pub(super) async fn ingest_artifact(&self, log: &job_log::Model) -> Result<LogResult, PipelineError> {
        let shared = &self.shared;
        let value =
            match fetch_perfherder_json(&shared.client, &log.url, &shared.options.perfherder_fetch).await {
                Ok(value) => value,
                Err(error) => return self.artifact_failed(log, error).await,
            };
        let artifact = match shared.parse_pool.run(move || read(value)).await {
            Ok(Content::Artifact(artifact)) => artifact,
            Ok(Content::Nothing) => {
                tracing::warn!(job_log.id = log.id, "a Perfherder artifact says nothing");
                return Ok(LogResult::Empty);
            }
            Err(error) => {
                shared.counters.artifacts_failed.add(1);
                tracing::error!(job_log.id = log.id, error, "Perfherder artifact given up");
                self.set_failed(log, LogStatus::Failed, false).await?;
                return Ok(LogResult::Failed { status: LogStatus::Failed, error });
            }
        };
        let stored = self.store_performance(log.job_id, &artifact).await?;
        patiently(|| shared.store.set_log_status(log.id, LogStatus::Parsed)).await?;
        shared.counters.performance_artifacts.add(1);
        Ok(LogResult::Performance(stored))
    }

    /// Stores performance data of a job.
    pub(super) async fn store_performance(
        &self,
        job_id: i64,
        artifact: &PerformanceData,
    ) -> Result<StoredPerformance, PipelineError> {
        let shared = &self.shared;
        let options = shared.options.performance;
        let stored = patiently(|| shared.store.store_performance_data(job_id, artifact, options)).await?;
        shared.counters.performance_data.add(stored.data);
        shared.counters.alert_candidates.add(stored.alert_candidates.len() as u64);
        Ok(stored)
    }
}

/// Validates a file against the schema and the limits of storage.
fn read(value: Value) -> Result<Content, String> {
    let text = serde_json::to_vec(&value).map_err(|error| error.to_string())?;
    match parse_json(&text) {
        Ok(data) => match check(&data) {
            Ok(_) => Ok(Content::Artifact(Box::new(data))),
            Err(error) => Err(error.to_string()),
        },
        Err(problem) if problem.kind == ProblemKind::Empty => Ok(Content::Nothing),
        Err(problem) => Err(problem.to_string()),
    }
}
