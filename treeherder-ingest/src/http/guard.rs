//! The guard that every URL passes before a request leaves (design rule 7).

use std::net::IpAddr;

use url::{Host, Url};

use super::address::is_public;

/// Why the guard refuses a URL or the address behind its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Neither `http` nor `https`.
    #[error("scheme {0:?} is not http or https")]
    Scheme(String),
    /// The URL names no host.
    #[error("the URL has no host")]
    NoHost,
    /// The host is not on the allow-list.
    #[error("host {0:?} is not on the allow-list")]
    Host(String),
    /// The host is, or resolves only to, addresses outside the public Internet.
    #[error("host {host:?} leads to {address}, which is not a public address")]
    Address {
        /// The host as written in the URL.
        host: String,
        /// The address it leads to.
        address: IpAddr,
    },
}

/// The hosts that may be fetched from.
///
/// A pattern is a host name, `*.` and a domain (any host below that domain, not the domain itself), an IP
/// address, or `*` alone for every host. Letter case and a final dot do not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostList {
    patterns: Vec<String>,
}

impl HostList {
    /// Builds a list of `patterns`.
    pub fn new<I>(patterns: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut list = Self::default();
        for pattern in patterns {
            list.allow(pattern.as_ref());
        }
        list
    }

    /// Adds one pattern; blanks around it are ignored, and so is an empty one.
    pub fn allow(&mut self, pattern: &str) {
        let pattern = normal(pattern.trim().trim_start_matches('[').trim_end_matches(']'));
        if !pattern.is_empty() && !self.patterns.contains(&pattern) {
            self.patterns.push(pattern);
        }
    }

    /// Adds the host of `url` (a repository's `tc_root_url`, a base URL from the configuration).
    ///
    /// Returns whether the text is a URL with a host.
    pub fn allow_host_of(&mut self, url: &str) -> bool {
        let parsed = Url::parse(url);
        let Some(host) = parsed.as_ref().ok().and_then(Url::host_str) else { return false };
        self.allow(host);
        true
    }

    /// Tells whether `host` (as [`Url::host_str`] gives it) matches a pattern.
    #[must_use]
    pub fn contains(&self, host: &str) -> bool {
        let host = normal(host.trim_start_matches('[').trim_end_matches(']'));
        self.patterns.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some("") => true,
            Some(domain) if domain.starts_with('.') => host.len() > domain.len() && host.ends_with(domain),
            Some(_) => false,
            None => *pattern == host,
        })
    }

    /// The patterns, in the order they were added.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// The rules one client applies to every URL.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) hosts: HostList,
    /// Hosts that may have addresses outside the public Internet.
    pub(super) private_hosts: HostList,
}

impl Guard {
    /// Checks scheme, allow-list and, when the host is written as an address, that address. The URL parser
    /// has already turned decimal, octal, hexadecimal and shortened IPv4 forms into plain addresses.
    pub(super) fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        let Some(host) = url.host() else { return Err(Refusal::NoHost) };
        let host_text = url.host_str().unwrap_or_default();
        if !self.hosts.contains(host_text) {
            return Err(Refusal::Host(host_text.to_owned()));
        }
        match host {
            Host::Ipv4(address) => self.check_address(host_text, address.into()),
            Host::Ipv6(address) => self.check_address(host_text, address.into()),
            Host::Domain(_) => Ok(()),
        }
    }

    /// Checks one address that `host` stands for.
    pub(super) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        if is_public(address) || self.private_hosts.contains(host) {
            Ok(())
        } else {
            Err(Refusal::Address { host: host.to_owned(), address })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn allow_list_patterns() {
        let list = HostList::new(["hg.mozilla.org", "*.taskcluster-artifacts.net", " API.github.com. ", ""]);
        for host in ["hg.mozilla.org", "HG.mozilla.org", "hg.mozilla.org.", "api.github.com"] {
            assert!(list.contains(host), "{host}");
        }
        assert!(list.contains("firefoxci.taskcluster-artifacts.net"));
        for host in [
            "mozilla.org",
            "evil-hg.mozilla.org",
            "hg.mozilla.org.evil.net",
            "taskcluster-artifacts.net",
            "eviltaskcluster-artifacts.net",
            "",
        ] {
            assert!(!list.contains(host), "{host}");
        }
        assert!(HostList::new(["*"]).contains("anything.example"));
        assert!(HostList::new(["[::1]"]).contains("[::1]"));
        assert!(!HostList::new(["*evil"]).contains("evil"));
    }

    #[test]
    fn adds_the_host_of_a_root_url() {
        let mut list = HostList::default();
        assert!(list.allow_host_of("https://tc.example.org/path"));
        assert!(!list.allow_host_of("no url"));
        assert_eq!(list.patterns(), ["tc.example.org"]);
    }

    #[test]
    fn refuses_schemes_and_unlisted_hosts() {
        let guard = Guard { hosts: HostList::new(["hg.mozilla.org"]), private_hosts: HostList::default() };
        assert_eq!(guard.check_url(&url("https://hg.mozilla.org/try")), Ok(()));
        for text in ["ftp://hg.mozilla.org/", "file:///etc/passwd", "gopher://hg.mozilla.org/", "data:,x"] {
            assert!(matches!(guard.check_url(&url(text)), Err(Refusal::Scheme(_))), "{text}");
        }
        assert!(matches!(guard.check_url(&url("https://example.com/")), Err(Refusal::Host(_))));
        // The user part is not the host.
        assert!(matches!(
            guard.check_url(&url("https://hg.mozilla.org@example.com/")),
            Err(Refusal::Host(_))
        ));
    }

    #[test]
    fn refuses_private_addresses_in_every_spelling() {
        let guard = Guard { hosts: HostList::new(["*"]), private_hosts: HostList::default() };
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://%31%32%37.0.0.1/",
        ] {
            assert!(matches!(guard.check_url(&url(text)), Err(Refusal::Address { .. })), "{text}");
        }
        assert_eq!(guard.check_url(&url("http://8.8.8.8/")), Ok(()));
    }

    #[test]
    fn private_hosts_are_permitted_one_by_one_and_only_if_allowed() {
        let private_hosts = HostList::new(["127.0.0.1", "10.0.0.1"]);
        let guard = Guard { hosts: HostList::new(["127.0.0.1", "127.0.0.2"]), private_hosts };
        assert_eq!(guard.check_url(&url("http://127.0.0.1:8080/")), Ok(()));
        assert!(matches!(guard.check_url(&url("http://127.0.0.2/")), Err(Refusal::Address { .. })));
        assert!(matches!(guard.check_url(&url("http://10.0.0.1/")), Err(Refusal::Host(_))));
    }
}
