//! What the bridge is told (`spec/bridge-l10n-platform.md` §1.1).

use clap::Args;
use treeherder_ingest::bridge::{BridgeSettings, BridgeSettingsError};

use super::switch;

/// What the bridge is told, besides where Pulse is.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Bridge")]
pub(crate) struct BridgeArgs {
    /// First words of the routes that the bridge serves, `tc-treeherder` in production; with commas between several
    #[arg(long, env = "TREEHERDER_ROUTE_PREFIX", value_name = "WORD,…")]
    pub(crate) route_prefix: Option<String>,

    /// Taskcluster deployment whose tasks the bridge tells about
    #[arg(long, env = "TASKCLUSTER_ROOT_URL", value_name = "URL")]
    pub(crate) taskcluster_root_url: Option<String>,

    /// Where the bridge runs, which decides on its queue's name: development, staging or production
    /// [default: `NODE_ENV`, else development]
    #[arg(long, env = "TREEHERDER_BRIDGE_PROFILE", value_name = "NAME")]
    pub(crate) bridge_profile: Option<String>,

    /// Middle part of the names of the bridge's queue and exchange
    /// [default: taskcluster-treeherder in production, else Pulse's user]
    #[arg(long, env = "PULSE_NAMESPACE", value_name = "NAME")]
    pub(crate) pulse_namespace: Option<String>,

    /// Task events that the bridge works on at the same time [default: 40]
    #[arg(long, env = "PULSE_PREFETCH", value_name = "N")]
    pub(crate) pulse_prefetch: Option<String>,

    /// Accept only the form `v2` of routes, as taskcluster-treeherder did in the end
    #[arg(long, env = "TREEHERDER_BRIDGE_STRICT_ROUTES", value_name = "v2")]
    pub(crate) strict_routes: Option<String>,

    /// Give routes of three words a revision hash, as in April 2017
    #[arg(long, env = "TREEHERDER_BRIDGE_LEGACY_REVISION_HASH", value_parser = switch)]
    pub(crate) legacy_revision_hash: bool,

    /// Name of the log of every run [default: builds-4h]
    #[arg(long, env = "TREEHERDER_BRIDGE_LOG_NAME", value_name = "NAME")]
    pub(crate) log_name: Option<String>,

    /// Host of Pulse, where `PULSE_URL` is not set
    #[arg(long, env = "PULSE_HOSTNAME", value_name = "HOST")]
    pub(crate) pulse_hostname: Option<String>,

    /// Virtual host of Pulse [default: that of `PULSE_URL`, else /]
    #[arg(long, env = "PULSE_VHOST", value_name = "NAME")]
    pub(crate) pulse_vhost: Option<String>,

    /// User at Pulse, where `PULSE_URL` is not set
    #[arg(long, env = "PULSE_USERNAME", value_name = "NAME")]
    pub(crate) pulse_username: Option<String>,

    /// Password at Pulse, where `PULSE_URL` is not set
    #[arg(long, env = "PULSE_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub(crate) pulse_password: Option<String>,
}

impl BridgeArgs {
    /// Reads the settings.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub(crate) fn settings(
        &self,
        pulse_url: Option<&str>,
        queue_name: Option<&str>,
    ) -> Result<BridgeSettings, BridgeSettingsError> {
        BridgeSettings::read(|name| match name {
            "PULSE_URL" => pulse_url.map(str::to_owned),
            "PULSE_QUEUE_NAME" => queue_name.map(str::to_owned),
            "TREEHERDER_ROUTE_PREFIX" => self.route_prefix.clone(),
            "TASKCLUSTER_ROOT_URL" => self.taskcluster_root_url.clone(),
            "TREEHERDER_BRIDGE_PROFILE" => self.bridge_profile.clone(),
            "PULSE_NAMESPACE" => self.pulse_namespace.clone(),
            "PULSE_PREFETCH" => self.pulse_prefetch.clone(),
            "TREEHERDER_BRIDGE_STRICT_ROUTES" => self.strict_routes.clone(),
            "TREEHERDER_BRIDGE_LEGACY_REVISION_HASH" => self.legacy_revision_hash.then(|| "1".to_owned()),
            "TREEHERDER_BRIDGE_LOG_NAME" => self.log_name.clone(),
            "PULSE_HOSTNAME" => self.pulse_hostname.clone(),
            "PULSE_VHOST" => self.pulse_vhost.clone(),
            "PULSE_USERNAME" => self.pulse_username.clone(),
            "PULSE_PASSWORD" => self.pulse_password.clone(),
            // taskcluster-treeherder's own name of the profile; it is no flag of ours.
            "NODE_ENV" => std::env::var(name).ok(),
            _ => None,
        })
    }
}
