//! What this site is called and what it serves besides its own answers.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use url::Url;

/// Names and folders of this site; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site(Arc<Settings>);

#[derive(Debug, Default)]
struct Settings {
    /// Hosts that requests may name besides this machine's own names.
    hosts: Vec<String>,
    https: bool,
    static_dir: Option<PathBuf>,
}

impl Site {
    /// Makes the site at this URL, which a front-end in this folder is served at too.
    ///
    /// `host` is the address that is listened at, if it is a certain one: clients may name it as well.
    pub(crate) fn new(url: &str, host: Option<String>, static_dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let parsed: Url = url.parse().map_err(|error| anyhow::anyhow!("SITE_URL {url:?}: {error}"))?;
        let name = parsed.host_str().ok_or_else(|| anyhow::anyhow!("SITE_URL {url:?} has no host"))?;
        let hosts = std::iter::once(name.to_owned()).chain(host).collect();
        Ok(Self(Arc::new(Settings { hosts, https: parsed.scheme() == "https", static_dir })))
    }

    /// Tells whether a request may name this host; ports don't matter.
    pub(crate) fn is_called(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        ["localhost", "127.0.0.1", "[::1]"].contains(&name)
            || self.0.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Tells whether the site is reached by https only.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.https
    }

    /// Folder of a front-end that takes the place of our own pages.
    pub(crate) fn static_dir(&self) -> Option<&PathBuf> {
        self.0.static_dir.as_ref()
    }
}

/// Returns scheme and host as the client addressed them.
pub(crate) fn addressed(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    let host = text(header::HOST.as_str()).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_the_sites_and_the_machines() {
        let site = Site::new("https://th.example/", Some("10.0.0.5".to_owned()), None).unwrap();
        for host in ["th.example", "TH.example:443", "localhost:8000", "127.0.0.1", "[::1]:80", "10.0.0.5:80"]
        {
            assert!(site.is_called(host), "{host}");
        }
        for host in ["evil.example", "th.example.evil", "", "[::2]"] {
            assert!(!site.is_called(host), "{host}");
        }
        assert!(site.is_secure());
        assert!(Site::new("nowhere", None, None).is_err());
    }
}
