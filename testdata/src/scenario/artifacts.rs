//! What the runs of a task left behind.

use super::delivery::Delivery;
use super::task::Task;
use crate::errorsummary::SummarySpec;
use crate::logs::LogSpec;
use crate::perf::PerfSpec;

/// One artifact of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Full name, such as `public/logs/live_backing.log`.
    pub name: String,
    /// Media type.
    pub content_type: &'static str,
    /// What is in it.
    pub body: ArtifactBody,
    /// How it comes.
    pub delivery: Delivery,
}

/// Content of an artifact, made when it is asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ArtifactBody {
    /// A log.
    Log(LogSpec),
    /// An error summary.
    Summary(SummarySpec),
    /// Performance data.
    Perf(PerfSpec),
    /// A few bytes that nobody reads.
    Filler,
}

impl Task {
    /// Lists the artifacts of a run, in the order of the listing.
    pub fn artifacts(&self, run: u16) -> Vec<Artifact> {
        let mut artifacts = Vec::new();
        let is_last = usize::from(run) + 1 == self.runs.len();
        if let Some((spec, rate)) = self.live.as_ref().filter(|_| is_last) {
            artifacts.push(Artifact {
                name: "public/logs/live.log".to_owned(),
                content_type: "text/plain",
                body: ArtifactBody::Log(spec.clone()),
                delivery: Delivery::Live(*rate),
            });
        }
        if !self.runs.get(usize::from(run)).is_some_and(super::Run::has_artifacts) {
            return artifacts;
        }
        for at in 0..self.fillers {
            artifacts.push(Artifact {
                name: format!("public/test_info/screenshot-{at:04}.png"),
                content_type: "image/png",
                body: ArtifactBody::Filler,
                delivery: Delivery::Plain,
            });
        }
        if let Some(log) = &self.log {
            artifacts.push(Artifact {
                name: LIVE_BACKING_LOG.to_owned(),
                content_type: "text/plain",
                body: ArtifactBody::Log(log.spec.clone()),
                delivery: log.delivery,
            });
        }
        if let Some((spec, delivery)) = &self.summary {
            let suite: String = self.name.rsplit('/').next().unwrap_or_default().to_owned();
            artifacts.push(Artifact {
                name: format!("public/test_info/{suite}_errorsummary.log"),
                content_type: "text/plain",
                body: ArtifactBody::Summary(spec.clone()),
                delivery: *delivery,
            });
        }
        if let Some(spec) = &self.perf {
            artifacts.push(Artifact {
                name: format!(
                    "public/{}/perfherder-data-demo.json",
                    if spec.framework == "build_metrics" { "build" } else { "test_info" }
                ),
                content_type: "application/json",
                body: ArtifactBody::Perf(spec.clone()),
                delivery: Delivery::Gzip,
            });
        }
        artifacts
    }
}

/// Name of the finished log.
pub(crate) const LIVE_BACKING_LOG: &str = "public/logs/live_backing.log";
