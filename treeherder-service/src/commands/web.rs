//! `treeherder web`: answers HTTP requests and does nothing else.

use crate::config::{HealthArgs, IngestArgs, ListenArgs, MonitorArgs, NetworkArgs, StorageArgs};
use crate::roles::{self, Database, Vitals};
use crate::shutdown;
use crate::web::accounts::AccountArgs;
use crate::web::{BridgeView, Live, WebServer};

/// Connections to the database.
const CONNECTIONS: u32 = 16;

const EXAMPLES: &str = "\
Examples:
  treeherder web --listen 0.0.0.0:8000 --database-url postgres://treeherder@db/treeherder

Any number of these can stand behind a load balancer. SIGTERM or SIGINT stops it after the requests under way.";

/// Answer HTTP requests, for deployments of many processes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    accounts: AccountArgs,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    monitor: MonitorArgs,
    #[command(flatten)]
    health: HealthArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    ingest: IngestArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    args.accounts.check(args.listen.listen)?;
    let stop = shutdown::on_signal()?;
    let site = args.listen.site(&args.network.site_url)?;
    let web = WebServer::bind(args.listen.listen).await?;
    let Some(database) = Database::await_ready(&args.storage, CONNECTIONS, &stop).await? else {
        return Ok(());
    };
    tracing::info!(url = web.url(), database = database.place, "serving");
    // It works on no queue; what is submitted goes through it, and it knows where logs may be fetched.
    let options = roles::pipeline_options(&args.ingest);
    let pipeline = roles::pipeline(&database, &args.network, options).await?;
    let state = roles::WebParts {
        database: &database,
        data_dir: &args.storage.data_dir,
        bugzilla: args.ingest.bugzilla.options(),
        accounts: args.accounts,
        client_options: args.network.client_options(std::iter::empty()),
        site,
        bridge: BridgeView::default(),
        health: args.health,
        live: Live::new(pipeline, stop.clone()),
        limits: args.listen.limits(),
    };
    let state = state.state()?;
    let heartbeats = Vitals::new(&args.monitor).beat(&database.store, "web", &[], 0);
    let ended = web.serve(state, stop).await;
    heartbeats.stop().await;
    database.close().await;
    ended?;
    tracing::info!("stopped");
    Ok(())
}
