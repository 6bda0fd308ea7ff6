//! The servers that tell what push messages leave out: hg.mozilla.org and GitHub.

use std::fmt;

use url::Url;

use super::error::PushError;
use crate::http::Client;

/// The Mercurial server that repository URLs and messages name.
const HG_MOZILLA: &str = "https://hg.mozilla.org";

/// Where the servers are.
#[derive(Clone)]
#[non_exhaustive]
pub struct UpstreamOptions {
    /// Base URL of GitHub's API.
    pub github_api_url: String,
    /// Token for GitHub's API (`GITHUB_TOKEN`), for higher rate limits.
    pub github_token: Option<String>,
    /// A stand-in for `https://hg.mozilla.org` (demo, mirror): its URL takes that one's place.
    pub hg_url: Option<String>,
}

impl Default for UpstreamOptions {
    fn default() -> Self {
        Self { github_api_url: "https://api.github.com".into(), github_token: None, hg_url: None }
    }
}

impl fmt::Debug for UpstreamOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpstreamOptions")
            .field("github_api_url", &self.github_api_url)
            .field("github_token", &self.github_token.as_ref().map(|_| "REDACTED"))
            .field("hg_url", &self.hg_url)
            .finish()
    }
}

/// Asks hg.mozilla.org and GitHub; clones share the HTTP client.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub(super) client: Client,
    pub(super) github_api: Url,
    options: UpstreamOptions,
}

impl Upstream {
    /// Asks through `client`, whose allow-list must name the servers of `options`.
    ///
    /// # Errors
    /// When GitHub's base URL is not one.
    pub fn new(client: Client, mut options: UpstreamOptions) -> Result<Self, PushError> {
        let github_api = Url::parse(&options.github_api_url).ok().filter(Url::has_host).ok_or_else(|| {
            PushError::Argument { argument: options.github_api_url.clone(), reason: "not the URL of an API" }
        })?;
        options.github_token = options.github_token.filter(|token| !token.is_empty());
        options.hg_url = options.hg_url.map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self { client, github_api, options })
    }

    pub(super) fn github_token(&self) -> Option<&str> {
        self.options.github_token.as_deref()
    }

    /// Puts the stand-in, if there is one, in the place of hg.mozilla.org.
    pub(super) fn hg_url(&self, url: &str) -> String {
        match (&self.options.hg_url, url.strip_prefix(HG_MOZILLA)) {
            (Some(stand_in), Some(rest)) if rest.is_empty() || rest.starts_with('/') => {
                format!("{stand_in}{rest}")
            }
            _ => url.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ClientOptions;

    #[test]
    fn a_stand_in_takes_the_place_of_the_mercurial_server() {
        let client = Client::new(ClientOptions::for_local_servers()).unwrap();
        let options = UpstreamOptions {
            hg_url: Some("http://127.0.0.1:8000/hg/".into()),
            ..UpstreamOptions::default()
        };
        let upstream = Upstream::new(client, options).unwrap();
        let table = [
            ("https://hg.mozilla.org/try/json-pushes?x=1", "http://127.0.0.1:8000/hg/try/json-pushes?x=1"),
            ("https://hg.mozilla.org", "http://127.0.0.1:8000/hg"),
            ("https://hg.mozilla.org.example/try", "https://hg.mozilla.org.example/try"),
            ("https://other.example/try", "https://other.example/try"),
        ];
        for (url, expected) in table {
            assert_eq!(upstream.hg_url(url), expected);
        }
    }

    #[test]
    fn the_token_stays_out_of_debug_output() {
        let options = UpstreamOptions { github_token: Some("hunter2".into()), ..UpstreamOptions::default() };
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
