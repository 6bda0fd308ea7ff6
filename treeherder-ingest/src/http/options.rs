//! The settings of a client.

use std::time::Duration;

use url::Url;

use super::guard::HostList;

/// Hosts Mozilla's set-up fetches from: Taskcluster, the storage and live-log hosts it redirects to,
/// Mercurial, GitHub, Bugzilla and Pulse Guardian.
const MOZILLA_HOSTS: [&str; 16] = [
    "firefox-ci-tc.services.mozilla.com",
    "community-tc.services.mozilla.com",
    "firefoxci-websocktunnel.services.mozilla.com",
    "community-websocktunnel.services.mozilla.com",
    "taskcluster-artifacts.net",
    "*.taskcluster-artifacts.net",
    "public-artifacts.taskcluster.net",
    "*.taskcluster-worker.net",
    "storage.googleapis.com",
    "taskcluster-public-artifacts.s3.us-west-2.amazonaws.com",
    "taskcluster-public-artifacts.s3-us-west-2.amazonaws.com",
    "hg.mozilla.org",
    "hg-edge.mozilla.org",
    "api.github.com",
    "bugzilla.mozilla.org",
    "pulseguardian.mozilla.org",
];

/// The settings of a [`Client`](super::Client); start from [`ClientOptions::for_site`] and change fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientOptions {
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// The hosts that may be fetched from.
    pub hosts: HostList,
    /// The hosts, among those, whose addresses may lie outside the public Internet: none by default, a server
    /// of one's own network or of the demo.
    pub private_hosts: HostList,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the head of a response and between two pieces of its body.
    pub idle_timeout: Duration,
    /// Longest time for a whole exchange whose body is collected.
    pub total_timeout: Duration,
    /// Redirects followed for one request.
    pub max_redirects: usize,
    /// Longest body that is collected, before and after decompression, unless the request says otherwise.
    pub max_body: u64,
    /// Requests under way to one host.
    pub requests_per_host: usize,
}

impl ClientOptions {
    /// The defaults of §0.1 for the site at `site_url`, whose host becomes part of the user agent.
    #[must_use]
    pub fn for_site(site_url: &str) -> Self {
        let parsed = Url::parse(site_url).ok();
        let host = parsed.as_ref().and_then(Url::host_str).unwrap_or("localhost");
        Self {
            user_agent: format!("treeherder/{host}"),
            hosts: HostList::new(MOZILLA_HOSTS),
            private_hosts: HostList::default(),
            connect_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(600),
            max_redirects: 30,
            max_body: 64 * 1024 * 1024,
            requests_per_host: 32,
        }
    }

    /// Settings for servers on this machine: `127.0.0.1`, `[::1]` and `localhost`, nothing else. For the demo
    /// and for tests.
    #[must_use]
    pub fn for_local_servers() -> Self {
        let mut options = Self::for_site("http://localhost");
        options.hosts = HostList::new(["127.0.0.1", "[::1]", "localhost"]);
        options.private_hosts = options.hosts.clone();
        options
    }
}

/// The limits of a body that is read as a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Most bytes as they come over the network; more is an error.
    pub max_bytes: u64,
    /// Longest wait for the head of the response and between two pieces of the body.
    pub idle_timeout: Duration,
    /// Longest time from the request to the end of the body, the reader's own pauses included.
    pub total_timeout: Option<Duration>,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { max_bytes: u64::MAX, idle_timeout: Duration::from_secs(30), total_timeout: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_names_the_host_of_the_site() {
        let options = ClientOptions::for_site("https://treeherder.mozilla.org/jobs");
        assert_eq!(options.user_agent, "treeherder/treeherder.mozilla.org");
        assert_eq!(ClientOptions::for_site("http://localhost:8000").user_agent, "treeherder/localhost");
        assert!(options.hosts.contains("firefoxci.taskcluster-artifacts.net"));
        assert!(options.private_hosts.patterns().is_empty());
    }
}
