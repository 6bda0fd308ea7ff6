//! Fetching the small artifacts: error summaries (§5.8.1–2) and performance data (§5.7).

use std::time::Duration;

use serde_json::Value;

use super::fetch_error::{ArtifactKind, FetchError};
use crate::http::Client;

/// The limits of fetching an artifact that is collected in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtifactFetchOptions {
    /// Longest wait for the head of the response and between two pieces of the body.
    pub idle_timeout: Duration,
    /// Longest time for the whole exchange.
    pub total_timeout: Duration,
    /// Largest `Content-Length` (compressed bytes) that is read at all.
    pub max_content_length: Option<u64>,
    /// Most bytes collected, before and after inflating.
    pub max_bytes: u64,
}

impl ArtifactFetchOptions {
    /// The limits for error summaries: 30 s of silence, 64 MiB.
    #[must_use]
    pub fn error_summary() -> Self {
        Self {
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(900),
            max_content_length: None,
            max_bytes: 64 << 20,
        }
    }

    /// The limits for performance data: 60 s of silence, a `Content-Length` of 5 MiB, 64 MiB in memory.
    #[must_use]
    pub fn perfherder_data() -> Self {
        Self {
            idle_timeout: Duration::from_secs(60),
            max_content_length: Some(5 << 20),
            ..Self::error_summary()
        }
    }
}

/// Fetches the text of an error summary, UTF-8 unless the server names ISO-8859-1. It may be empty.
///
/// # Errors
/// [`FetchError`] tells which status the log gets and whether to retry.
pub async fn fetch_error_summary(
    client: &Client,
    url: &str,
    options: &ArtifactFetchOptions,
) -> Result<String, FetchError> {
    let text = request(client, url, options).text().await;
    text.map_err(|error| FetchError::new(ArtifactKind::ErrorSummary, error))
}

/// Fetches a file of performance data as JSON, not yet validated.
///
/// # Errors
/// [`FetchError`] tells which status the log gets and whether to retry.
pub async fn fetch_perfherder_json(
    client: &Client,
    url: &str,
    options: &ArtifactFetchOptions,
) -> Result<Value, FetchError> {
    let json = request(client, url, options).json().await;
    json.map_err(|error| FetchError::new(ArtifactKind::PerfherderData, error))
}

fn request(client: &Client, url: &str, options: &ArtifactFetchOptions) -> crate::http::Request {
    let request = client
        .get(url)
        .idle_timeout(options.idle_timeout)
        .total_timeout(options.total_timeout)
        .max_body(options.max_bytes);
    match options.max_content_length {
        Some(max_content_length) => request.max_content_length(max_content_length),
        None => request,
    }
}
