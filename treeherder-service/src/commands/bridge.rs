//! `treeherder bridge`: publishes job messages about task events.

use std::path::PathBuf;

use treeherder_ingest::bridge::{PRODUCTION_NAMESPACE, write_references};
use treeherder_ingest::monitor::Registry;

use crate::config::{BridgeArgs, ListenArgs, NetworkArgs, StatsdArgs};
use crate::output;
use crate::roles::BridgeRole;
use crate::shutdown;
use crate::web::{BridgeView, WebServer};

const EXAMPLES: &str = "\
Examples:
  TREEHERDER_ROUTE_PREFIX=tc-treeherder TASKCLUSTER_ROOT_URL=https://firefox-ci-tc.services.mozilla.com \\
    PULSE_URL=amqp://me:secret@pulse.mozilla.org:5671/?ssl=1 treeherder bridge
  treeherder bridge references --out public

Each event of a task with a route such as `tc-treeherder.v2.autoland.REVISION.ID` becomes a message on the exchange \
`exchange/NAMESPACE/v1/jobs`. What cannot be published is logged and shown at /bridge/errors of the address given by --listen. \
`treeherder pulse inspect` shows what is published.";

/// Publish job messages about task events, as taskcluster-treeherder did
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    References(ReferencesArgs),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Pulse, and as whom to listen and publish there: `amqp://USER:PASSWORD@HOST:PORT/?ssl=1`
    #[arg(long, env = "PULSE_URL", value_name = "URL", hide_env_values = true, help_heading = "Pulse")]
    pulse_url: Option<String>,
    /// Last part of the name of the bridge's queue [default: by profile]
    #[arg(long, env = "PULSE_QUEUE_NAME", value_name = "NAME", help_heading = "Pulse")]
    pulse_queue_name: Option<String>,
    #[command(flatten)]
    bridge: BridgeArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    statsd: StatsdArgs,
}

/// Write the documents that describe the exchange and its messages
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder bridge references --out public")]
struct ReferencesArgs {
    /// Folder to write to; made when missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Middle part of the exchange's name
    #[arg(long, env = "PULSE_NAMESPACE", value_name = "NAME", default_value = PRODUCTION_NAMESPACE)]
    namespace: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Some(Command::References(args)) => {
            write_references(&args.out, &args.namespace)?;
            Ok(output::line(&format!("written to {}", args.out.display()))?)
        }
        None => bridge(args.run).await,
    }
}

async fn bridge(args: RunArgs) -> anyhow::Result<()> {
    let settings = args.bridge.settings(args.pulse_url.as_deref(), args.pulse_queue_name.as_deref())?;
    let stop = shutdown::on_signal()?;
    let web = WebServer::bind(args.listen.listen).await?;
    // What it counts is shown at /metrics.
    let _registry = Registry::of_process();
    args.statsd.start();
    let role = BridgeRole::new(&settings, &args.network)?;
    role.check().await?;
    let view = BridgeView { namespace: settings.namespace.clone(), bridge: Some(role.bridge()) };
    tracing::info!(url = web.url(), exchange = settings.exchange(), queue = settings.queue(), "bridging");
    let web = tokio::spawn(web.serve_bridge(view, stop.clone()));
    role.run(&stop).await;
    web.await??;
    tracing::info!("stopped");
    Ok(())
}
