//! The client: one pool of connections behind the guard.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::Method;
use serde::de::DeserializeOwned;
use url::Url;

use super::body::StreamResponse;
use super::error::{HttpError, HttpErrorKind};
use super::guard::Guard;
use super::host_limit::HostLimit;
use super::options::{ClientOptions, StreamLimits};
use super::request::Request;
use super::resolver::GuardedResolver;

/// The only way out to the network; clones share connections and limits.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) reqwest: reqwest::Client,
    pub(super) guard: Guard,
    pub(super) hosts: HostLimit,
    pub(super) options: ClientOptions,
}

impl Client {
    /// Builds a client. The first one of the process also installs ring as the TLS provider.
    ///
    /// A machine without root certificates gets a client all the same: plain HTTP works and every HTTPS server
    /// is refused as unknown.
    ///
    /// # Errors
    /// When the user agent is no header value.
    pub fn new(options: ClientOptions) -> Result<Self, HttpError> {
        // Fails when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard { hosts: options.hosts.clone(), private_hosts: options.private_hosts.clone() };
        let reqwest = match builder(&options, &guard).build() {
            Ok(reqwest) => reqwest,
            Err(error) => {
                tracing::warn!(?error, "cannot read the root certificates: HTTPS servers will be refused");
                builder(&options, &guard).tls_backend_preconfigured(no_roots()).build().map_err(setup)?
            }
        };
        let hosts = HostLimit::new(options.requests_per_host);
        Ok(Self { inner: Arc::new(Inner { reqwest, guard, hosts, options }) })
    }

    /// Checks what can be checked about `url` without the network: syntax, scheme, allow-list, address.
    ///
    /// # Errors
    /// With the refusal a request to `url` would meet.
    pub fn check(&self, url: &str) -> Result<Url, HttpError> {
        let parsed = Url::parse(url)
            .map_err(|error| HttpError::new(url, HttpErrorKind::Invalid(error.to_string())))?;
        self.inner
            .guard
            .check_url(&parsed)
            .map_err(|refusal| HttpError::new(url, HttpErrorKind::Refused(refusal)))?;
        Ok(parsed)
    }

    /// Starts a request of any method; nothing is sent before one of its closing methods is awaited.
    pub fn request(&self, method: Method, url: &str) -> Request {
        Request::new(self.clone(), method, url)
    }

    /// Starts a GET request.
    pub fn get(&self, url: &str) -> Request {
        self.request(Method::GET, url)
    }

    /// Fetches JSON, whatever its content type.
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer of 4xx or 5xx is an error.
    pub async fn get_json<T: DeserializeOwned>(&self, url: &str) -> Result<T, HttpError> {
        self.get(url).json().await
    }

    /// Fetches a text, decoded by [`decode_text`](super::decode_text).
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer of 4xx or 5xx is an error.
    pub async fn get_text(&self, url: &str) -> Result<String, HttpError> {
        self.get(url).text().await
    }

    /// Fetches a body of at most `limit` bytes, gzip undone.
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer of 4xx or 5xx is an error.
    pub async fn get_bytes(&self, url: &str, limit: u64) -> Result<Bytes, HttpError> {
        Ok(self.get(url).max_body(limit).response().await?.body)
    }

    /// Opens a body as a stream of the bytes that come over the network: gzip is *not* undone, the response
    /// tells whether it is needed.
    ///
    /// # Errors
    /// See [`HttpErrorKind`]; an answer of 4xx or 5xx is an error.
    pub async fn stream(&self, url: &str, limits: StreamLimits) -> Result<StreamResponse, HttpError> {
        self.get(url).stream(limits).await
    }
}

fn builder(options: &ClientOptions, guard: &Guard) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(options.user_agent.as_str())
        // A proxy would resolve names itself, out of the guard's sight.
        .no_proxy()
        // Redirects are followed by `Request`: each hop passes the guard and takes a slot of its host.
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(GuardedResolver { guard: guard.clone() }))
        .connect_timeout(options.connect_timeout)
        // As many as may be busy: with fewer, every burst of requests would end by closing connections that the next one
        // opens again.
        .pool_max_idle_per_host(options.requests_per_host)
        .pool_idle_timeout(options.idle_timeout)
}

fn no_roots() -> rustls::ClientConfig {
    rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn setup(error: reqwest::Error) -> HttpError {
    HttpError::new("", HttpErrorKind::Setup(format!("{error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_root_certificates_gets_a_client() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = ClientOptions::for_local_servers();
        let guard = Guard { hosts: options.hosts.clone(), private_hosts: options.private_hosts.clone() };
        assert!(builder(&options, &guard).tls_backend_preconfigured(no_roots()).build().is_ok());
    }

    #[test]
    fn a_user_agent_that_is_no_header_is_an_error() {
        let mut options = ClientOptions::for_local_servers();
        options.user_agent = "line\nbreak".into();
        let error = Client::new(options).unwrap_err();
        assert!(matches!(error.kind(), HttpErrorKind::Setup(_)) && error.is_permanent(), "{error}");
    }
}
