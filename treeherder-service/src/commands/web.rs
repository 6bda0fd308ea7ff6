//! `treeherder web`: answers HTTP requests and does nothing else.

use std::sync::Arc;

use crate::config::{HealthArgs, ListenArgs, MonitorArgs, StorageArgs};
use crate::roles::{Database, Vitals};
use crate::shutdown;
use crate::web::{AppState, BridgeView, WebServer};

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
    storage: StorageArgs,
    #[command(flatten)]
    monitor: MonitorArgs,
    #[command(flatten)]
    health: HealthArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let stop = shutdown::on_signal()?;
    let web = WebServer::bind(args.listen.listen).await?;
    let Some(database) = Database::await_ready(&args.storage, CONNECTIONS, &stop).await? else {
        return Ok(());
    };
    tracing::info!(url = web.url(), database = database.place, "serving");
    let heartbeats = Vitals::new(&args.monitor).beat(&database.store, "web", &[], 0);
    let state = AppState {
        store: database.store.clone(),
        queue: Arc::clone(&database.queue),
        health: args.health,
        bridge: BridgeView::default(),
    };
    let ended = web.serve(state, stop).await;
    heartbeats.stop().await;
    database.close().await;
    ended?;
    tracing::info!("stopped");
    Ok(())
}
