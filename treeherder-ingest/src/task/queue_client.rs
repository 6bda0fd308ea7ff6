//! Taskcluster's queue service over HTTP (`spec/ingest.md` §4.2, §4.6).

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::{Client, HttpError, HttpErrorKind, Request, TimeoutPhase};
use crate::job::ids::slug_to_uuid;
use crate::monitor::Metric;

use super::TaskDefinition;
use super::queue::{Artifact, ArtifactListing, TaskQueue, TaskQueueError, TaskQueueErrorKind, service_url};

/// Longest time for one request; the service answers within a second.
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// Largest answer that is read: definitions are limited to 1 MiB, a page of 1000 artifacts is about 300 KiB.
const ANSWER_SIZE: u64 = 8 * 1024 * 1024;

/// Number of artifacts after which the listing of a run ends, so that no run can fill the memory.
const MAX_ARTIFACTS: usize = 100_000;

/// Number of pages after which it ends, should the service repeat itself.
const MAX_PAGES: usize = 1000;

/// The real [`TaskQueue`]: anonymous requests to the service below the root URL.
#[derive(Clone, Debug)]
pub struct HttpTaskQueue {
    client: Client,
    delays: RetryDelays,
}

/// How often and how soon a request is repeated before the work item is given back to be retried as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryDelays {
    /// How often a failed request is repeated.
    pub retries: u32,
    /// Wait before the first repetition; it doubles with each further one, give or take a quarter by chance.
    pub first: Duration,
}

impl Default for RetryDelays {
    /// Five repetitions, as Taskcluster's own clients do, within about three seconds.
    fn default() -> Self {
        Self { retries: 5, first: Duration::from_millis(100) }
    }
}

impl RetryDelays {
    fn before(self, repetition: u32) -> Duration {
        let factor =
            2_f64.powi(repetition.try_into().unwrap_or(i32::MAX).min(10)) * (0.75 + fastrand::f64() / 2.0);
        self.first.mul_f64(factor)
    }
}

impl HttpTaskQueue {
    /// Asks through `client`, which has to permit the hosts of the root URLs.
    pub fn new(client: Client) -> Self {
        Self::with_delays(client, RetryDelays::default())
    }

    /// Does the same with other delays.
    pub fn with_delays(client: Client, delays: RetryDelays) -> Self {
        Self { client, delays }
    }

    /// Sends a request until it succeeds, fails for another reason than server or connection, or was repeated enough.
    async fn ask<T: DeserializeOwned>(&self, request: impl Fn() -> Request) -> Result<T, TaskQueueError> {
        let mut repetition = 0;
        loop {
            let limited = request().total_timeout(REQUEST_TIME).max_body(ANSWER_SIZE);
            match limited.json().await {
                Ok(answer) => return Ok(answer),
                Err(error) if repetition < self.delays.retries && is_worth_repeating(&error) => {
                    tracing::debug!(%error, repetition, "asking the task queue again");
                    tokio::time::sleep(self.delays.before(repetition)).await;
                    repetition += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[async_trait]
impl TaskQueue for HttpTaskQueue {
    async fn task(&self, root_url: &str, task_id: &str) -> Result<Arc<TaskDefinition>, TaskQueueError> {
        check_task_id(task_id)?;
        let url = service_url(root_url, "queue", "v1", &format!("task/{task_id}"));
        let start = Instant::now();
        let definition = self.ask(|| self.client.get(&url)).await?;
        Metric::FetchDefinition.record(&[], start.elapsed(), 1);
        Ok(Arc::new(definition))
    }

    async fn artifacts(
        &self,
        root_url: &str,
        task_id: &str,
        run_id: u32,
    ) -> Result<Vec<Artifact>, TaskQueueError> {
        let listing = self.artifacts_until_error(root_url, task_id, run_id).await;
        listing.error.map_or(Ok(listing.artifacts), Err)
    }

    async fn artifacts_until_error(&self, root_url: &str, task_id: &str, run_id: u32) -> ArtifactListing {
        let mut listing = ArtifactListing::default();
        if let Err(error) = check_task_id(task_id) {
            return ArtifactListing { error: Some(error), ..listing };
        }
        let url = service_url(root_url, "queue", "v1", &format!("task/{task_id}/runs/{run_id}/artifacts"));
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page: Result<Page, TaskQueueError> = self
                .ask(|| {
                    let request = self.client.get(&url);
                    match &token {
                        Some(token) => request.query("continuationToken", token),
                        None => request,
                    }
                })
                .await;
            match page {
                Ok(page) => {
                    listing.artifacts.extend(page.artifacts);
                    token = page.continuation_token;
                }
                Err(error) => return ArtifactListing { error: Some(error), ..listing },
            }
            if token.is_none() {
                return listing;
            }
            if listing.artifacts.len() >= MAX_ARTIFACTS {
                break;
            }
        }
        let read = listing.artifacts.len();
        tracing::warn!(task_id, run_id, read, "listing of artifacts not read to its end");
        listing
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    artifacts: Vec<Artifact>,
    #[serde(default)]
    continuation_token: Option<String>,
}

/// Task ids come from messages: what is no slug must not become part of a URL.
fn check_task_id(task_id: &str) -> Result<(), TaskQueueError> {
    slug_to_uuid(task_id)
        .map(|_| ())
        .map_err(|error| TaskQueueError { kind: TaskQueueErrorKind::Permanent, reason: error.to_string() })
}

/// Server errors and broken connections pass quickly; everything else is left to the retry of the work item.
fn is_worth_repeating(error: &HttpError) -> bool {
    match error.kind() {
        HttpErrorKind::Status(status) => status.is_server_error(),
        HttpErrorKind::Connection(_)
        | HttpErrorKind::Body(_)
        | HttpErrorKind::Timeout(TimeoutPhase::Response) => true,
        _ => false,
    }
}

impl From<HttpError> for TaskQueueError {
    fn from(error: HttpError) -> Self {
        let kind = match error.status() {
            Some(404) => TaskQueueErrorKind::NotFound,
            Some(408 | 425 | 429 | 500..) => TaskQueueErrorKind::Transient,
            Some(_) => TaskQueueErrorKind::Refused,
            None if error.is_permanent() => TaskQueueErrorKind::Permanent,
            None => TaskQueueErrorKind::Transient,
        };
        Self { kind, reason: error.to_string() }
    }
}
