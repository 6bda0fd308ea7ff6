//! Responses: collected or as a stream, within limits.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use futures_core::Stream;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LINK};
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use url::Url;

use super::error::{HttpError, HttpErrorKind, TimeoutPhase};
use super::link::next_page;
use super::request::within;
use super::text::decode_text;

/// How a body is compressed on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentEncoding {
    /// Not at all.
    Identity,
    /// As gzip, possibly in several members.
    Gzip,
}

/// A response whose body has been collected, gzip undone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The URL that answered, after redirects.
    pub url: Url,
    /// The status, always 2xx unless any was asked for.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// Parses the body as JSON, whatever its content type.
    ///
    /// # Errors
    /// [`HttpErrorKind::Json`] with the place of the first fault.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| HttpError::new(self.url.as_str(), HttpErrorKind::Json(error.to_string())))
    }

    /// Decodes the body by [`decode_text`].
    #[must_use]
    pub fn text(&self) -> String {
        decode_text(&self.body, header(&self.headers, &CONTENT_TYPE))
    }

    /// The next page of a paged answer (`Link` header), resolved against the URL that answered.
    #[must_use]
    pub fn next_page(&self) -> Option<Url> {
        let target = next_page(header(&self.headers, &LINK)?)?;
        self.url.join(target).ok()
    }
}

/// A response whose body is still to be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct StreamResponse {
    /// The URL that answered, after redirects.
    pub url: Url,
    /// The status, always 2xx unless any was asked for.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The `Content-Length`, which counts compressed bytes.
    pub content_length: Option<u64>,
    /// How the bytes of the body are compressed.
    pub encoding: ContentEncoding,
    /// The body.
    pub body: BodyStream,
}

impl StreamResponse {
    pub(super) fn new(
        url: Url,
        response: reqwest::Response,
        mut body: BodyStream,
    ) -> Result<Self, HttpError> {
        let encoding = encoding_of(&url, response.headers())?;
        let (status, headers) = (response.status(), response.headers().clone());
        let content_length = response.content_length();
        body.response = Some(response);
        Ok(Self { url, status, headers, content_length, encoding, body })
    }
}

/// The body of a response, piece by piece, as it comes over the network.
///
/// Dropping it closes the exchange and frees the slot of the host.
#[derive(Debug)]
pub struct BodyStream {
    url: Url,
    response: Option<reqwest::Response>,
    // Held until the body is gone: the host's slot is taken as long as bytes may come.
    permit: Option<OwnedSemaphorePermit>,
    idle_timeout: Duration,
    deadline: Option<Instant>,
    max_bytes: u64,
    received: u64,
}

impl BodyStream {
    pub(super) fn new(
        url: Url,
        permit: Option<OwnedSemaphorePermit>,
        idle_timeout: Duration,
        deadline: Option<Instant>,
        max_bytes: u64,
    ) -> Self {
        Self { url, response: None, permit, idle_timeout, deadline, max_bytes, received: 0 }
    }

    /// Waits for the next piece; `None` at the end of the body, and after an error.
    ///
    /// # Errors
    /// [`HttpErrorKind::Timeout`] when the server stalls or the time is up, [`HttpErrorKind::Body`] when the
    /// body ends early, [`HttpErrorKind::TooLarge`] past the limit.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        let Some(response) = &mut self.response else { return Ok(None) };
        let piece =
            within(Some(self.idle_timeout), self.deadline, TimeoutPhase::Body, response.chunk()).await;
        let result = match piece {
            Ok(Ok(Some(bytes))) => {
                self.received = self.received.saturating_add(bytes.len() as u64);
                if self.received <= self.max_bytes {
                    return Ok(Some(bytes));
                }
                Err(HttpError::new(self.url.as_str(), HttpErrorKind::TooLarge { limit: self.max_bytes }))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(HttpError::from_body(&self.url, error)),
            Err(kind) => Err(HttpError::new(self.url.as_str(), kind)),
        };
        self.response = None;
        self.permit = None;
        result
    }

    /// Bytes received so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Turns the body into a stream; it ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, HttpError>> + Send + 'static {
        futures_util::stream::try_unfold(self, |mut body| async move {
            Ok(body.chunk().await?.map(|bytes| (bytes, body)))
        })
    }
}

/// Reads the whole body, inflating it on the way.
pub(super) async fn collect(opened: StreamResponse, max_body: u64) -> Result<Response, HttpError> {
    let StreamResponse { url, status, headers, content_length, encoding, mut body } = opened;
    let too_large = || HttpError::new(url.as_str(), HttpErrorKind::TooLarge { limit: max_body });
    if content_length.is_some_and(|length| length > max_body) {
        return Err(too_large());
    }
    let collected = match encoding {
        ContentEncoding::Identity => {
            let mut collected = Vec::new();
            while let Some(bytes) = body.chunk().await? {
                collected.extend_from_slice(&bytes);
            }
            collected
        }
        ContentEncoding::Gzip => {
            let mut decoder = MultiGzDecoder::new(Capped { bytes: Vec::new(), max: max_body, full: false });
            let fault = |decoder: &MultiGzDecoder<Capped>, error: &io::Error| {
                if decoder.get_ref().full {
                    too_large()
                } else {
                    HttpError::new(url.as_str(), HttpErrorKind::DamagedEncoding(error.to_string()))
                }
            };
            while let Some(bytes) = body.chunk().await? {
                decoder.write_all(&bytes).map_err(|error| fault(&decoder, &error))?;
            }
            decoder.try_finish().map_err(|error| fault(&decoder, &error))?;
            std::mem::take(&mut decoder.get_mut().bytes)
        }
    };
    Ok(Response { url, status, headers, body: collected.into() })
}

/// A buffer that refuses to grow past its maximum.
#[derive(Debug)]
struct Capped {
    bytes: Vec<u8>,
    max: u64,
    full: bool,
}

impl Write for Capped {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len() as u64 + piece.len() as u64 > self.max {
            self.full = true;
            return Err(io::Error::other("the decompressed body is too long"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn encoding_of(url: &Url, headers: &HeaderMap) -> Result<ContentEncoding, HttpError> {
    let named = header(headers, &CONTENT_ENCODING).unwrap_or_default().trim().to_ascii_lowercase();
    match named.as_str() {
        "" | "identity" => Ok(ContentEncoding::Identity),
        "gzip" | "x-gzip" => Ok(ContentEncoding::Gzip),
        _ => Err(HttpError::new(url.as_str(), HttpErrorKind::UnsupportedEncoding(named))),
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
