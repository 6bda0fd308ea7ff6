//! Opening a raw log as a stream for the parser (§5.2).

use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use super::fetch_error::{ArtifactKind, FetchError};
use crate::http::{BodyStream, Client, ContentEncoding, StreamLimits, redact_url};

/// The limits of fetching a raw log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFetchOptions {
    /// Longest wait for the head of the response and between two pieces of the log: what stalls longer fails.
    pub idle_timeout: Duration,
    /// Longest time from the request to the end of the log; `None` for a log that is still being written.
    pub total_timeout: Option<Duration>,
    /// Largest `Content-Length` (compressed bytes) that is read at all. Upstream has 5 MiB here; logs are
    /// streamed, so no limit is needed and none is set by default.
    pub max_content_length: Option<u64>,
    /// Most bytes read over the network.
    pub max_compressed: u64,
    /// Most bytes after inflating; whoever inflates keeps to it, see [`LogStream::max_decompressed`].
    pub max_decompressed: u64,
}

impl Default for LogFetchOptions {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_secs(30),
            total_timeout: Some(Duration::from_secs(900)),
            max_content_length: None,
            max_compressed: 4 << 30,
            max_decompressed: 64 << 30,
        }
    }
}

/// An open log: its bytes as they come over the network, gzip not undone.
///
/// Dropping it closes the exchange.
#[derive(Debug)]
pub struct LogStream {
    url: String,
    content_length: Option<u64>,
    encoding: ContentEncoding,
    max_decompressed: u64,
    body: BodyStream,
}

/// Opens the log at `url`, following redirects past the guard.
///
/// # Errors
/// [`FetchError`] tells which status the log gets and whether to retry.
pub async fn open_log(
    client: &Client,
    url: &str,
    options: &LogFetchOptions,
) -> Result<LogStream, FetchError> {
    let limits = StreamLimits {
        max_bytes: options.max_compressed,
        idle_timeout: options.idle_timeout,
        total_timeout: options.total_timeout,
    };
    let mut request = client.get(url);
    if let Some(max_content_length) = options.max_content_length {
        request = request.max_content_length(max_content_length);
    }
    let opened =
        request.stream(limits).await.map_err(|error| FetchError::new(ArtifactKind::RawLog, error))?;
    Ok(LogStream {
        url: redact_url(opened.url.as_str()),
        content_length: opened.content_length,
        encoding: opened.encoding,
        max_decompressed: options.max_decompressed,
        body: opened.body,
    })
}

impl LogStream {
    /// Where the log came from in the end, without secrets.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The `Content-Length`: compressed bytes.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// Whether the server says that the bytes are gzip. A log stored as a `.gz` file is gzip as well, without
    /// the server saying so: look at the first bytes in any case.
    #[must_use]
    pub fn encoding(&self) -> ContentEncoding {
        self.encoding
    }

    /// Most bytes the log may have after inflating.
    #[must_use]
    pub fn max_decompressed(&self) -> u64 {
        self.max_decompressed
    }

    /// Bytes received so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.body.received()
    }

    /// Waits for the next piece; `None` at the end of the log, and after an error.
    ///
    /// # Errors
    /// When the server stalls, the log is cut off or one of the limits is passed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        self.body.chunk().await.map_err(|error| FetchError::new(ArtifactKind::RawLog, error))
    }

    /// Turns the log into a stream; it ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, FetchError>> + Send + 'static {
        futures_util::stream::try_unfold(self, |mut log| async move {
            Ok(log.chunk().await?.map(|bytes| (bytes, log)))
        })
    }
}
