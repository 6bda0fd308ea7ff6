//! The settings: each a flag, most of them an environment variable too (`spec/ingest.md` §0.2, `spec/api.md` §9.3).

mod bridge;
mod bugzilla;
mod monitor;
mod pulse;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use treeherder_ingest::changelog::Project;
use treeherder_ingest::cycle::RETENTION_DAYS;
use treeherder_ingest::http::ClientOptions;
use treeherder_ingest::pulse::environment_flag;
use treeherder_ingest::push::UpstreamOptions;

use crate::web::{Limits, Site};

pub(crate) use self::bridge::BridgeArgs;
pub(crate) use self::bugzilla::BugzillaArgs;
pub(crate) use self::monitor::{HealthArgs, MonitorArgs, StatsdArgs};
pub(crate) use self::pulse::PulseArgs;

/// Where to look for the database and the queues.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Storage")]
pub(crate) struct StorageArgs {
    /// Folder for everything that is kept; made when missing
    #[arg(long, env = "TREEHERDER_DATA_DIR", value_name = "DIR", default_value = "treeherder-data")]
    pub(crate) data_dir: PathBuf,

    /// Database: `postgres://USER:PASSWORD@HOST:PORT/NAME` (or `psql://…`), or `sqlite://FILE`
    /// [default: treeherder.sqlite in the data folder]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// RabbitMQ that holds the queues: `amqp://USER:PASSWORD@HOST:PORT/VHOST`; encrypted unless the host is this machine
    /// [default: the queues are in the database]
    #[arg(long, env = "BROKER_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) broker_url: Option<String>,
}

/// Where to answer HTTP requests.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Web")]
pub(crate) struct ListenArgs {
    /// Address to answer HTTP requests at; port 0 takes a free one
    #[arg(long, env = "TREEHERDER_LISTEN", value_name = "ADDR:PORT", default_value = "127.0.0.1:8000")]
    pub(crate) listen: SocketAddr,

    /// Folder of a front-end to serve in place of our own pages; paths that nothing is at get its `index.html`
    #[arg(long, env = "TREEHERDER_STATIC_DIR", value_name = "DIR")]
    pub(crate) static_dir: Option<PathBuf>,

    /// Seconds that a request is worked on before it is given up and answered with status 503
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) request_seconds: u64,
}

impl ListenArgs {
    /// Tells what this site is called, and what it serves.
    pub(crate) fn site(&self, site_url: &str) -> anyhow::Result<Site> {
        if let Some(dir) = &self.static_dir {
            let index = dir.join("index.html");
            anyhow::ensure!(index.is_file(), "--static-dir: {} is not there", index.display());
        }
        let address = self.listen.ip();
        // An address that stands for all of them is nobody's name.
        let host = (!address.is_unspecified()).then(|| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        });
        Site::new(site_url, host, self.static_dir.clone())
    }

    /// Tells how long requests may take.
    pub(crate) fn limits(&self) -> Limits {
        Limits::new(Duration::from_secs(self.request_seconds))
    }
}

/// How the outside world is asked.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    /// URL of this site; its host is part of the User-Agent of every request
    #[arg(long, env = "SITE_URL", value_name = "URL", default_value = "http://localhost:8000")]
    pub(crate) site_url: String,

    /// Token for GitHub's API, for higher rate limits
    #[arg(long, env = "GITHUB_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) github_token: Option<String>,

    /// Base URL of GitHub's API
    #[arg(long, env = "GITHUB_API_URL", value_name = "URL", default_value = "https://api.github.com")]
    pub(crate) github_api_url: String,

    /// A mirror that takes the place of hg.mozilla.org
    #[arg(long, env = "TREEHERDER_HG_URL", value_name = "URL")]
    pub(crate) hg_url: Option<String>,

    /// Further hosts that may be fetched from, besides Mozilla's and those of the repositories' Taskcluster
    /// deployments: names, `*.` and a domain, or addresses
    #[arg(long, env = "TREEHERDER_ALLOWED_HOSTS", value_name = "HOST,…", value_delimiter = ',')]
    pub(crate) allowed_hosts: Vec<String>,

    /// Allowed hosts that may have addresses outside the public Internet (127.0.0.1, servers of one's own network)
    #[arg(long, env = "TREEHERDER_PRIVATE_HOSTS", value_name = "HOST,…", value_delimiter = ',')]
    pub(crate) private_hosts: Vec<String>,
}

impl NetworkArgs {
    /// Makes the options of the HTTP client; `root_urls` are the Taskcluster deployments of the repositories.
    pub(crate) fn client_options<'a>(&self, root_urls: impl Iterator<Item = &'a str>) -> ClientOptions {
        let mut options = ClientOptions::for_site(&self.site_url);
        for url in root_urls {
            options.hosts.allow_host_of(url);
        }
        options.hosts.allow_host_of(&self.github_api_url);
        if let Some(url) = &self.hg_url {
            options.hosts.allow_host_of(url);
        }
        for host in self.allowed_hosts.iter().chain(&self.private_hosts) {
            options.hosts.allow(host);
        }
        for host in &self.private_hosts {
            options.private_hosts.allow(host);
        }
        options
    }

    /// Tells where Mercurial and GitHub are.
    pub(crate) fn upstream_options(&self) -> UpstreamOptions {
        let mut options = UpstreamOptions::default();
        options.github_api_url.clone_from(&self.github_api_url);
        options.github_token.clone_from(&self.github_token);
        options.hg_url.clone_from(&self.hg_url);
        options
    }
}

/// What is ingested, and how.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Ingestion")]
pub(crate) struct IngestArgs {
    /// Ingest only the tasks of these projects; no blanks around the commas [default: all]
    #[arg(long, env = "PROJECTS_TO_INGEST", value_name = "NAME,…")]
    pub(crate) projects: Option<String>,

    /// Store the times and revisions that performance data of several commits carries
    #[arg(
        long,
        env = "PERFHERDER_ENABLE_MULTIDATA_INGESTION",
        value_name = "BOOL",
        default_value = "true",
        value_parser = switch
    )]
    pub(crate) multidata: bool,

    /// Seconds before failed work is tried again; the pause about doubles with each of the ten tries
    #[arg(long, env = "TREEHERDER_RETRY_SECONDS", value_name = "SECONDS", default_value = "10", value_parser = pause)]
    pub(crate) retry_seconds: f64,

    /// Days for which jobs are kept where the schedule removes old ones
    #[arg(long, env = "TREEHERDER_KEEP_DAYS", value_name = "DAYS", default_value_t = RETENTION_DAYS,
        value_parser = clap::value_parser!(u32).range(1..36_500))]
    pub(crate) keep_days: u32,

    /// Projects at GitHub whose commits and releases graphs show beside what was measured [default: none]
    #[arg(long, env = "TREEHERDER_CHANGELOG_PROJECTS", value_name = "OWNER/NAME,…", value_delimiter = ',')]
    pub(crate) changelog_projects: Vec<Project>,

    #[command(flatten)]
    pub(crate) bugzilla: BugzillaArgs,
}

/// Reads a pause: some time, a day at most.
fn pause(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds between 0.001 and 86400".to_owned()),
    }
}

/// Reads a switch as `PULSE_AUTO_DELETE_QUEUES` and its like are read.
pub(crate) fn switch(text: &str) -> Result<bool, std::convert::Infallible> {
    Ok(environment_flag(text))
}

/// How much is told about the work, on the standard error stream.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct LoggingArgs {
    /// Least important messages to show: error, warning, info, debug, trace [default: info; demo: none]
    #[arg(long, env = "LOGGING_LEVEL", value_name = "LEVEL", global = true, value_parser = level)]
    pub(crate) logging_level: Option<tracing::Level>,

    /// Form of the messages: for people, or one JSON object a line
    #[arg(
        long,
        env = "TREEHERDER_LOGGING_FORMAT",
        value_name = "FORMAT",
        global = true,
        value_enum,
        default_value_t = LoggingFormat::Text
    )]
    pub(crate) logging_format: LoggingFormat,
}

/// Form of log messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LoggingFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Reads a level by our names or Python's, which existing deployments have in `LOGGING_LEVEL`.
fn level(text: &str) -> Result<tracing::Level, String> {
    use tracing::Level;
    match text.to_ascii_lowercase().as_str() {
        "critical" | "fatal" | "error" => Ok(Level::ERROR),
        "warning" | "warn" => Ok(Level::WARN),
        "info" => Ok(Level::INFO),
        "debug" => Ok(Level::DEBUG),
        "trace" | "notset" => Ok(Level::TRACE),
        _ => Err("not one of error, warning, info, debug, trace".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_known_by_both_names() {
        assert_eq!(level("WARNING"), Ok(tracing::Level::WARN));
        assert_eq!(level("critical"), Ok(tracing::Level::ERROR));
        assert!(level("loud").is_err());
    }

    #[test]
    fn hosts_of_the_settings_may_be_fetched_from() {
        let network = NetworkArgs {
            site_url: "https://th.example".into(),
            github_token: None,
            github_api_url: "https://ghe.example/api".into(),
            hg_url: Some("http://127.0.0.1:99/hg".into()),
            allowed_hosts: vec!["*.store.example".into()],
            private_hosts: vec!["127.0.0.1".into()],
        };
        let options = network.client_options(["https://tc.example"].into_iter());
        for host in ["ghe.example", "127.0.0.1", "a.store.example", "tc.example", "hg.mozilla.org"] {
            assert!(options.hosts.contains(host), "{host}");
        }
        assert!(!options.hosts.contains("elsewhere.example"));
        assert!(options.private_hosts.contains("127.0.0.1") && !options.private_hosts.contains("tc.example"));
        assert_eq!(options.user_agent, "treeherder/th.example");
    }
}
