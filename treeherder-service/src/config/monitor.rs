//! How a process tells about itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use treeherder_ingest::monitor::Statsd;

use super::switch;

/// How a process tells about itself.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Monitoring")]
pub(crate) struct MonitorArgs {
    /// Seconds between two heartbeats; a process counts as lost when four are missing
    #[arg(long, env = "TREEHERDER_HEARTBEAT_SECONDS", value_name = "SECONDS", default_value = "5", value_parser = heartbeat)]
    pub(crate) heartbeat_seconds: f64,

    #[command(flatten)]
    pub(crate) statsd: StatsdArgs,
}

impl Default for MonitorArgs {
    fn default() -> Self {
        Self { heartbeat_seconds: 5.0, statsd: StatsdArgs::default() }
    }
}

impl MonitorArgs {
    /// Returns the time between two heartbeats.
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs_f64(self.heartbeat_seconds)
    }
}

/// A statsd that metrics are sent to.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Monitoring")]
pub(crate) struct StatsdArgs {
    /// Host of a statsd that counters and timers are sent to as well, by UDP [default: none]
    #[arg(long, env = "STATSD_HOST", value_name = "HOST")]
    statsd_host: Option<String>,

    /// Port of that statsd
    #[arg(long, env = "STATSD_PORT", value_name = "PORT", default_value_t = 8125)]
    statsd_port: u16,

    /// What the names of metrics begin with at that statsd
    #[arg(long, env = "STATSD_PREFIX", value_name = "NAME", default_value = "treeherder")]
    statsd_prefix: String,
}

impl StatsdArgs {
    /// Sends what this process measures to the statsd of the settings, if there is one; a host that is not known is told.
    pub(crate) fn start(&self) {
        let Some(host) = self.statsd_host.as_deref().filter(|host| !host.is_empty()) else { return };
        match Statsd::new(host, self.statsd_port, &self.statsd_prefix) {
            Ok(statsd) => {
                statsd.install();
            }
            Err(error) => tracing::warn!(%error, host, "no metrics are sent to statsd"),
        }
    }
}

/// What the endpoints for operators tell.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Monitoring")]
pub(crate) struct HealthArgs {
    /// Debug mode: `/__heartbeat__` tells what it found, and `/__error__` fails on purpose
    #[arg(long, env = "TREEHERDER_DEBUG", value_parser = switch)]
    pub(crate) debug: bool,

    /// What `/__version__` answers: a JSON file with source, version, commit and build
    #[arg(long, env = "TREEHERDER_VERSION_FILE", value_name = "FILE", default_value = "version.json")]
    pub(crate) version_file: PathBuf,
}

impl Default for HealthArgs {
    fn default() -> Self {
        Self { debug: false, version_file: PathBuf::from("version.json") }
    }
}

/// Reads the time between heartbeats: often enough to be of use, and no flood.
fn heartbeat(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.05..=300.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds between 0.05 and 300".to_owned()),
    }
}
