//! The error of an outgoing request.

use std::error::Error;

use reqwest::StatusCode;
use url::Url;

use super::guard::Refusal;
use super::redact::redact_url;

/// What a request was waiting for when its time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// The connection, or the head of the response.
    Response,
    /// The next piece of the body.
    Body,
    /// The whole exchange, the wait for a free slot of the host included.
    Total,
}

/// What went wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// The text is not a URL, or not a request that can be sent.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The guard refuses to fetch from there.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The server answered with 4xx, 5xx or another status that is no answer.
    #[error("status {0}")]
    Status(StatusCode),
    /// No connection, or the connection broke before the response.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The server took too long.
    #[error("timeout waiting for the {}", match .0 {
        TimeoutPhase::Response => "response",
        TimeoutPhase::Body => "next part of the body",
        TimeoutPhase::Total => "end of the exchange",
    })]
    Timeout(TimeoutPhase),
    /// The body ended early or broke.
    #[error("body cut off: {0}")]
    Body(String),
    /// The body, compressed or not, is longer than the caller accepts.
    #[error("body is longer than {limit} bytes")]
    TooLarge {
        /// The limit that was passed.
        limit: u64,
    },
    /// The body is compressed in a way the client did not ask for.
    #[error("unsupported content encoding {0:?}")]
    UnsupportedEncoding(String),
    /// The compressed body is damaged.
    #[error("damaged gzip body: {0}")]
    DamagedEncoding(String),
    /// More redirects than the client follows.
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    /// A redirect without a usable target.
    #[error("redirect without a usable location")]
    BadRedirect,
    /// The body is not the JSON that was expected.
    #[error("invalid JSON: {0}")]
    Json(String),
    /// The client itself could not be set up.
    #[error("cannot set up the client: {0}")]
    Setup(String),
}

/// An outgoing request that failed: the URL (without secrets) and what went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {kind}")]
pub struct HttpError {
    url: String,
    #[source]
    kind: HttpErrorKind,
}

impl HttpError {
    /// Builds an error about `url`, whose secrets are dropped.
    #[must_use]
    pub fn new(url: &str, kind: HttpErrorKind) -> Self {
        Self { url: redact_url(url), kind }
    }

    /// The URL without its secrets.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &HttpErrorKind {
        &self.kind
    }

    /// The status of the response, when the server answered with an error.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.kind {
            HttpErrorKind::Status(status) => Some(status.as_u16()),
            _ => None,
        }
    }

    /// Tells whether the server took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, HttpErrorKind::Timeout(_))
    }

    /// Tells whether trying again is useless (§2.4).
    ///
    /// Invalid URLs, JSON syntax, what the guard refuses, and what is too large stay as they are; statuses,
    /// connections, timeouts and broken bodies may be better the next time.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self.kind {
            HttpErrorKind::Invalid(_)
            | HttpErrorKind::Refused(_)
            | HttpErrorKind::TooLarge { .. }
            | HttpErrorKind::UnsupportedEncoding(_)
            | HttpErrorKind::BadRedirect
            | HttpErrorKind::Json(_)
            | HttpErrorKind::Setup(_) => true,
            HttpErrorKind::Status(_)
            | HttpErrorKind::Connection(_)
            | HttpErrorKind::Timeout(_)
            | HttpErrorKind::Body(_)
            | HttpErrorKind::DamagedEncoding(_)
            | HttpErrorKind::TooManyRedirects(_) => false,
        }
    }

    /// Translates the error of a request that was sent to `url`.
    pub(super) fn from_send(url: &Url, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let kind = match refusal_in(&error) {
            Some(refusal) => HttpErrorKind::Refused(refusal),
            None if error.is_builder() => HttpErrorKind::Invalid(root_cause(&error)),
            None if error.is_timeout() => HttpErrorKind::Timeout(TimeoutPhase::Response),
            None => HttpErrorKind::Connection(root_cause(&error)),
        };
        Self::new(url.as_str(), kind)
    }

    /// Translates an error met while reading the body.
    pub(super) fn from_body(url: &Url, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let kind = if error.is_timeout() {
            HttpErrorKind::Timeout(TimeoutPhase::Body)
        } else {
            HttpErrorKind::Body(root_cause(&error))
        };
        Self::new(url.as_str(), kind)
    }
}

/// The guard's refusal among the causes of `error` (the resolver reports through the connector).
fn refusal_in(error: &(dyn Error + 'static)) -> Option<Refusal> {
    causes(error).find_map(|cause| cause.downcast_ref::<Refusal>().cloned())
}

/// The text of the innermost cause: the outer ones only say that sending failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_url_and_cause_but_no_secret() {
        let error = HttpError::new(
            "https://me:hunter2@hg.mozilla.org/try?token=hunter2&version=2",
            HttpErrorKind::Status(StatusCode::BAD_GATEWAY),
        );
        assert_eq!(
            error.to_string(),
            "https://hg.mozilla.org/try?token=REDACTED&version=2: status 502 Bad Gateway"
        );
        assert_eq!(error.status(), Some(502));
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn classifies_for_the_retry_policy() {
        let permanent = [
            HttpErrorKind::Invalid(String::new()),
            HttpErrorKind::Refused(Refusal::NoHost),
            HttpErrorKind::TooLarge { limit: 1 },
            HttpErrorKind::Json(String::new()),
        ];
        let passing = [
            HttpErrorKind::Status(StatusCode::NOT_FOUND),
            HttpErrorKind::Status(StatusCode::INTERNAL_SERVER_ERROR),
            HttpErrorKind::Timeout(TimeoutPhase::Body),
            HttpErrorKind::Connection(String::new()),
            HttpErrorKind::Body(String::new()),
        ];
        assert!(permanent.into_iter().all(|kind| HttpError::new("https://x", kind).is_permanent()));
        assert!(!passing.into_iter().any(|kind| HttpError::new("https://x", kind).is_permanent()));
    }
}
