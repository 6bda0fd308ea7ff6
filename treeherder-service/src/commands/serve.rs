//! `treeherder serve`: sources, workers and web in one process.

use std::path::PathBuf;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::pipeline::Pipeline;
use treeherder_ingest::pulse::Kind;
use treeherder_ingest::queue::QueueName;

use super::replay;
use crate::config::{
    BridgeArgs, HealthArgs, IngestArgs, ListenArgs, MonitorArgs, NetworkArgs, PulseArgs, StorageArgs, switch,
};
use crate::roles::{self, BridgeRole, Database, Listeners, Vitals, Workers};
use crate::shutdown;
use crate::web::accounts::AccountArgs;
use crate::web::{BridgeView, Live, WebServer};

/// The periodic task that polls pushlogs (`spec/ingest.md` §2.6).
const PUSHLOGS: &str = "fetch-push-logs";
/// The periodic task that removes old data (`spec/ingest.md` §7.6).
const CYCLE: &str = "cycle-data";

const EXAMPLES: &str = "\
Examples:
  treeherder serve                                  work on what is queued, answer on http://127.0.0.1:8000
  treeherder serve --poll-pushlogs                  follow the active Mercurial repositories
  treeherder serve --replay pulse.jsonl --speed 10  ingest a recording ten times as fast as it was made
  treeherder serve --listen 0.0.0.0:80 --database-url postgres://treeherder@db/treeherder
  PULSE_URL=amqp://me:secret@pulse.mozilla.org:5671/?ssl=1 treeherder serve

Sources: Pulse (PULSE_URL, or lists of sources), recordings (--replay), pushlogs (--poll-pushlogs), and what \
`treeherder ingest` and `treeherder replay` put on the queues from other processes. All roles run in this one process; \
`treeherder services list` names the process types of a deployment of many.

SIGTERM or SIGINT stops it: work in flight is finished or given back to its queue, and the next start goes on.";

/// Ingest and answer HTTP requests until told to stop
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    accounts: AccountArgs,
    /// Recordings to ingest, in this order; see `treeherder replay --help`
    #[arg(long, value_name = "FILE")]
    replay: Vec<PathBuf>,
    /// Keep the recorded pauses, divided by this factor [default: no pauses]
    #[arg(long, value_name = "FACTOR", requires = "replay", value_parser = replay::factor)]
    speed: Option<f64>,
    /// Ask the pushlogs of the active Mercurial repositories for new pushes, every five minutes
    #[arg(long, env = "TREEHERDER_POLL_PUSHLOGS", value_parser = switch)]
    poll_pushlogs: bool,
    /// Remove jobs and performance data that are too old, once a day
    #[arg(long, env = "TREEHERDER_CYCLE_DATA", value_parser = switch)]
    cycle_data: bool,
    #[command(flatten)]
    pulse: PulseArgs,
    #[command(flatten)]
    bridge: BridgeArgs,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    ingest: IngestArgs,
    #[command(flatten)]
    monitor: MonitorArgs,
    #[command(flatten)]
    health: HealthArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    replay::check_files(&args.replay)?;
    args.accounts.check(args.listen.listen)?;
    let stop = shutdown::on_signal()?;
    let site = args.listen.site(&args.network.site_url)?;
    let web = WebServer::bind(args.listen.listen).await?;
    let database = Database::open(&args.storage).await?;
    let lock = database.start_work(&args.storage, "serve").await??;
    let vitals = Vitals::new(&args.monitor);
    let mut options = roles::pipeline_options(&args.ingest);
    let concurrency = vitals.observe(&mut options, QueueName::all());
    let pipeline = roles::pipeline(&database, &args.network, options).await?;

    let mut sources = JoinSet::new();
    let mut listeners = None;
    if args.pulse.skip_ingestion {
        tracing::info!("SKIP_INGESTION is set: no sources");
    } else {
        let (kinds, queue) = (args.pulse.kinds(), pipeline.queue());
        listeners = Some(Listeners::start(queue, &kinds, &args.pulse, &args.network, &stop)?);
        start_sources(&args, &pipeline, &stop, &mut sources);
    }
    let polls = args.poll_pushlogs && !args.pulse.skip_ingestion;
    let wanted = [polls.then_some(PUSHLOGS), args.cycle_data.then_some(CYCLE)];
    let entries = roles::entries_inside(&wanted.into_iter().flatten().collect::<Vec<_>>());
    let (scheduler, stopped) = (roles::scheduler(&database, entries), stop.clone());
    sources.spawn(async move { scheduler.run(&stopped).await });
    let bridge = start_bridge(&args, &stop, &mut sources)?;
    tracing::info!(url = web.url(), database = database.place, "serving");
    let workers = Workers::start(&pipeline, &vitals);
    let queues: Vec<QueueName> = QueueName::all().collect();
    let heartbeats = vitals.beat(&database.store, "serve", &queues, concurrency);
    let state = roles::WebParts {
        database: &database,
        data_dir: &args.storage.data_dir,
        accounts: args.accounts.clone(),
        bugzilla: args.ingest.bugzilla.options(),
        client_options: args.network.client_options(std::iter::empty()),
        site,
        bridge,
        health: args.health.clone(),
        live: Live::new(pipeline.clone(), stop.clone()),
        limits: args.listen.limits(),
    };
    let web = tokio::spawn(web.serve(state.state()?, stop.clone()));
    tokio::pin!(web);
    let failed = tokio::select! {
        () = stop.cancelled() => None,
        // The web server ends by itself only when something is wrong.
        ended = &mut web => Some(ended),
    };
    stop.cancel();
    if let Some(listeners) = listeners {
        listeners.stopped().await?;
    }
    while sources.join_next().await.is_some() {}
    workers.stop().await?;
    heartbeats.stop().await;
    // Requests that are under way need the database.
    let ended = match failed {
        Some(ended) => ended,
        None => web.await,
    };
    database.close().await;
    drop(lock);
    tracing::info!("stopped");
    ended?
}

fn start_sources(args: &Args, pipeline: &Pipeline, stop: &CancellationToken, sources: &mut JoinSet<()>) {
    if !args.replay.is_empty() {
        let (mut source, pipeline, stop) =
            (replay::source(&args.replay, args.speed), pipeline.clone(), stop.clone());
        sources.spawn(async move {
            let listened = pipeline.listen(&mut source, Kind::Joint, None, &stop).await;
            tracing::info!(messages = listened.received, dead_letters = listened.dead, "replay has ended");
        });
    }
}

/// Starts the bridge if it is told whose routes it serves.
fn start_bridge(
    args: &Args,
    stop: &CancellationToken,
    sources: &mut JoinSet<()>,
) -> anyhow::Result<BridgeView> {
    if args.bridge.route_prefix.is_none() || args.pulse.skip_ingestion {
        return Ok(BridgeView::default());
    }
    // The name of the listener's queue is not the bridge's: each has to get every message.
    let settings = args.bridge.settings(args.pulse.pulse_url.as_deref(), None)?;
    let role = BridgeRole::new(&settings, &args.network)?;
    let view = BridgeView { namespace: settings.namespace.clone(), bridge: Some(role.bridge()) };
    tracing::info!(exchange = settings.exchange(), queue = settings.queue(), "bridging");
    let stop = stop.clone();
    sources.spawn(async move { role.run(&stop).await });
    Ok(view)
}
