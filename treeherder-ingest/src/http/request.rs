//! One request: headers, limits, redirects.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::body::{BodyStream, Response, StreamResponse, collect};
use super::client::Client;
use super::error::{HttpError, HttpErrorKind, TimeoutPhase};
use super::options::StreamLimits;

/// A request that is being put together; [`Request::json`], [`Request::text`], [`Request::response`] or
/// [`Request::stream`] send it.
#[derive(Debug)]
#[must_use = "a request is sent by json, text, response or stream"]
pub struct Request {
    client: Client,
    method: Method,
    url: Result<Url, HttpError>,
    headers: HeaderMap,
    body: Option<Bytes>,
    idle_timeout: Duration,
    total_timeout: Option<Duration>,
    max_body: u64,
    max_content_length: Option<u64>,
    any_status: bool,
}

impl Request {
    pub(super) fn new(client: Client, method: Method, url: &str) -> Self {
        let options = &client.inner.options;
        let (idle_timeout, total_timeout) = (options.idle_timeout, Some(options.total_timeout));
        let max_body = options.max_body;
        let url = client.check(url);
        Self {
            client,
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            idle_timeout,
            total_timeout,
            max_body,
            max_content_length: None,
            any_status: false,
        }
    }

    /// Sets a header. A value that cannot be one makes the request fail with
    /// [`HttpErrorKind::Invalid`] when it is sent.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive(is_credential(&name));
                self.headers.insert(name, value);
            }
            Err(_) => self.fail(format!("bad value of header {name}")),
        }
        self
    }

    /// Sets `Authorization: Bearer <token>`.
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// Appends a query parameter, percent-encoded.
    pub fn query(mut self, key: &str, value: &str) -> Self {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().append_pair(key, value);
        }
        self
    }

    /// Sets a JSON body.
    pub fn json_body<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => {
                self.body = Some(body.into());
                self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Err(error) => self.fail(error.to_string()),
        }
        self
    }

    /// Sets a body as forms of web pages have it.
    pub fn form_body(mut self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body = Some(body.into());
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self
    }

    /// Sets the longest wait for the head of the response and between two pieces of its body.
    pub fn idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// Sets the longest time of the whole exchange.
    pub fn total_timeout(mut self, total_timeout: Duration) -> Self {
        self.total_timeout = Some(total_timeout);
        self
    }

    /// Sets the longest body that is collected, before and after decompression.
    pub fn max_body(mut self, max_body: u64) -> Self {
        self.max_body = max_body;
        self
    }

    /// Refuses a response whose `Content-Length` (which counts compressed bytes) is greater; a response without
    /// that header passes.
    pub fn max_content_length(mut self, max_content_length: u64) -> Self {
        self.max_content_length = Some(max_content_length);
        self
    }

    /// Takes an answer of any status for an answer, for servers that say in the body what is wrong.
    pub fn any_status(mut self) -> Self {
        self.any_status = true;
        self
    }

    /// Sends the request and parses the body as JSON, whatever its content type.
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer other than 2xx is an error.
    pub async fn json<T: DeserializeOwned>(mut self) -> Result<T, HttpError> {
        self.headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        self.response().await?.json()
    }

    /// Sends the request and decodes the body as text.
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer other than 2xx is an error.
    pub async fn text(self) -> Result<String, HttpError> {
        Ok(self.response().await?.text())
    }

    /// Sends the request and collects the response, gzip undone.
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer other than 2xx is an error.
    pub async fn response(self) -> Result<Response, HttpError> {
        let max_body = self.max_body;
        let opened = self.open(max_body).await?;
        collect(opened, max_body).await
    }

    /// Sends the request and hands out the body as it comes over the network.
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer other than 2xx is an error.
    pub async fn stream(mut self, limits: StreamLimits) -> Result<StreamResponse, HttpError> {
        self.idle_timeout = limits.idle_timeout;
        self.total_timeout = limits.total_timeout;
        self.open(limits.max_bytes).await
    }

    fn fail(&mut self, reason: String) {
        if let Ok(url) = &self.url {
            self.url = Err(HttpError::new(url.as_str(), HttpErrorKind::Invalid(reason)));
        }
    }

    /// Sends, follows redirects, and stops at the head of the first 2xx response.
    async fn open(mut self, max_bytes: u64) -> Result<StreamResponse, HttpError> {
        let mut url = self.url.clone()?;
        self.headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
        let deadline = self.total_timeout.and_then(|total| Instant::now().checked_add(total));
        for _ in 0..=self.client.inner.options.max_redirects {
            let permit = {
                let host = url.host_str().unwrap_or_default();
                let slot = self.client.inner.hosts.acquire(host);
                within(None, deadline, TimeoutPhase::Total, slot)
                    .await
                    .map_err(|kind| HttpError::new(url.as_str(), kind))?
            };
            let response = self.send(&url, deadline).await?;
            if self.is_redirect(response.status()) {
                url = self.follow(&url, response.headers())?;
                continue;
            }
            if !response.status().is_success() && !self.any_status {
                return Err(HttpError::new(url.as_str(), HttpErrorKind::Status(response.status())));
            }
            let body = BodyStream::new(url.clone(), permit, self.idle_timeout, deadline, max_bytes);
            let opened = StreamResponse::new(url, response, body)?;
            return self.check_length(opened);
        }
        let max_redirects = self.client.inner.options.max_redirects;
        Err(HttpError::new(url.as_str(), HttpErrorKind::TooManyRedirects(max_redirects)))
    }

    fn check_length(&self, opened: StreamResponse) -> Result<StreamResponse, HttpError> {
        match (self.max_content_length, opened.content_length) {
            (Some(limit), Some(length)) if length > limit => {
                Err(HttpError::new(opened.url.as_str(), HttpErrorKind::TooLarge { limit }))
            }
            _ => Ok(opened),
        }
    }

    async fn send(&self, url: &Url, deadline: Option<Instant>) -> Result<reqwest::Response, HttpError> {
        let mut request = self.client.inner.reqwest.request(self.method.clone(), url.clone());
        request = request.headers(self.headers.clone());
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        // Connecting has a limit of its own inside reqwest; waiting for the head comes on top of it.
        let patience = self.client.inner.options.connect_timeout.saturating_add(self.idle_timeout);
        match within(Some(patience), deadline, TimeoutPhase::Response, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(HttpError::from_send(url, error)),
            Err(kind) => Err(HttpError::new(url.as_str(), kind)),
        }
    }

    /// Only reads are repeated elsewhere: sending a body to another place is not what the caller asked for.
    fn is_redirect(&self, status: StatusCode) -> bool {
        matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
            && (self.method == Method::GET || self.method == Method::HEAD)
    }

    /// The next hop, past the guard; credentials stay with the origin they were meant for.
    fn follow(&mut self, url: &Url, headers: &HeaderMap) -> Result<Url, HttpError> {
        let location = headers.get(LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let next = location.and_then(|location| url.join(location).ok());
        let Some(next) = next else { return Err(HttpError::new(url.as_str(), HttpErrorKind::BadRedirect)) };
        tracing::debug!(from = url.host_str(), to = next.host_str(), "following a redirect");
        self.client
            .inner
            .guard
            .check_url(&next)
            .map_err(|refusal| HttpError::new(next.as_str(), HttpErrorKind::Refused(refusal)))?;
        if next.origin() != url.origin() {
            drop_credentials(&mut self.headers);
        }
        Ok(next)
    }
}

/// Drops the headers that only the first origin may see.
fn drop_credentials(headers: &mut HeaderMap) {
    let secret: Vec<HeaderName> = headers.keys().filter(|name| is_credential(name)).cloned().collect();
    for name in secret {
        headers.remove(name);
    }
}

/// Header names whose value is a secret (Bugzilla's key travels in a header of its own).
fn is_credential(name: &HeaderName) -> bool {
    let name = name.as_str();
    ["authorization", "cookie", "key", "token", "secret"].iter().any(|part| name.contains(part))
}

/// Awaits `future` for at most `patience` and not beyond `deadline`.
pub(super) async fn within<F: Future>(
    patience: Option<Duration>,
    deadline: Option<Instant>,
    phase: TimeoutPhase,
    future: F,
) -> Result<F::Output, HttpErrorKind> {
    let patience = patience.and_then(|patience| Instant::now().checked_add(patience));
    let (until, phase) = match (patience, deadline) {
        (None, None) => return Ok(future.await),
        (Some(patience), Some(deadline)) if deadline < patience => (deadline, TimeoutPhase::Total),
        (Some(patience), _) => (patience, phase),
        (None, Some(deadline)) => (deadline, TimeoutPhase::Total),
    };
    tokio::time::timeout_at(until, future).await.map_err(|_| HttpErrorKind::Timeout(phase))
}
