//! `treeherder scheduler`: puts periodic tasks on the queues when they are due.

use treeherder_ingest::schedule::Periodic;

use crate::config::{MonitorArgs, StorageArgs};
use crate::roles::{self, Database, Vitals};
use crate::shutdown;

/// Connections to the database.
const CONNECTIONS: u32 = 2;

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=postgres://th@db/th BROKER_URL=amqp://th:secret@broker/th treeherder scheduler

It only publishes: workers do the work. Several may run, for the case that one fails; each due time is fired once. \
`treeherder schedule list` shows what is due when.";

/// Put periodic tasks on the queues when they are due
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    monitor: MonitorArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let stop = shutdown::on_signal()?;
    let Some(database) = Database::await_ready(&args.storage, CONNECTIONS, &stop).await? else {
        return Ok(());
    };
    tracing::info!(database = database.place, "scheduling");
    let heartbeats = Vitals::new(&args.monitor).beat(&database.store, "scheduler", &[], 0);
    roles::scheduler(&database, Periodic::all().collect()).run(&stop).await;
    heartbeats.stop().await;
    database.close().await;
    tracing::info!("stopped");
    Ok(())
}
