//! `treeherder serve`: sources, workers and web in one process.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::pipeline::{Pipeline, WorkItem};
use treeherder_ingest::pulse::Kind;

use super::replay;
use crate::config::{IngestArgs, ListenArgs, NetworkArgs, StorageArgs, switch};
use crate::runtime::{self, Database, Workers};
use crate::shutdown;
use crate::web::{AppState, WebServer};

/// How often pushlogs are polled (`spec/ingest.md` §2.6).
const POLL_EVERY: Duration = Duration::from_secs(300);

/// How long open requests may take at a stop.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

const EXAMPLES: &str = "\
Examples:
  treeherder serve                                  work on what is queued, answer on http://127.0.0.1:8000
  treeherder serve --poll-pushlogs                  follow the active Mercurial repositories
  treeherder serve --replay pulse.jsonl --speed 10  ingest a recording ten times as fast as it was made
  treeherder serve --listen 0.0.0.0:80 --database-url postgres://treeherder@db/treeherder

Sources of this version: recordings (--replay), pushlogs (--poll-pushlogs), and what `treeherder ingest` and \
`treeherder replay` put on the queues from other processes. It does not connect to Pulse.

SIGTERM or SIGINT stops it: work in flight is finished or given back to its queue, and the next start goes on.";

/// Ingest and answer HTTP requests until told to stop
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: ListenArgs,
    /// Recordings to ingest, in this order; see `treeherder replay --help`
    #[arg(long, value_name = "FILE")]
    replay: Vec<PathBuf>,
    /// Keep the recorded pauses, divided by this factor [default: no pauses]
    #[arg(long, value_name = "FACTOR", requires = "replay", value_parser = replay::factor)]
    speed: Option<f64>,
    /// Ask the pushlogs of the active Mercurial repositories for new pushes, every five minutes
    #[arg(long, env = "TREEHERDER_POLL_PUSHLOGS", value_parser = switch)]
    poll_pushlogs: bool,
    /// Take in nothing new: work on what is queued and answer requests
    #[arg(long, env = "SKIP_INGESTION", value_parser = switch)]
    skip_ingestion: bool,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    ingest: IngestArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    replay::check_files(&args.replay)?;
    let stop = shutdown::on_signal()?;
    let site = args.listen.site(&args.network.site_url)?;
    let web = WebServer::bind(args.listen.listen).await?;
    let database = Database::open(&args.storage).await?;
    let lock = database.start_work(&args.storage, "serve").await??;
    let pipeline = runtime::pipeline(&database, &args.network, &args.ingest).await?;
    if std::env::var_os("PULSE_URL").is_some() {
        tracing::warn!("PULSE_URL is set, but this version does not connect to Pulse");
    }
    tracing::info!(url = web.url(), database = database.place, "serving");

    let workers = Workers::start(&pipeline);
    let mut sources = JoinSet::new();
    if args.skip_ingestion {
        tracing::info!("SKIP_INGESTION is set: no sources");
    } else {
        start_sources(&args, &pipeline, &stop, &mut sources);
    }
    let web = tokio::spawn(web.serve(AppState { store: database.store.clone(), site }, stop.clone()));
    tokio::pin!(web);
    let failed = tokio::select! {
        () = stop.cancelled() => None,
        // The web server ends by itself only when something is wrong.
        ended = &mut web => Some(ended),
    };
    stop.cancel();
    while sources.join_next().await.is_some() {}
    workers.stop().await?;
    drop(lock);
    let ended = match failed {
        Some(ended) => ended,
        None => match tokio::time::timeout(LAST_REQUESTS, &mut web).await {
            Ok(ended) => ended,
            Err(_elapsed) => Ok(Ok(())),
        },
    };
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
    if args.poll_pushlogs {
        sources.spawn(poll_pushlogs(pipeline.clone(), stop.clone()));
    }
}

/// Queues a poll of all pushlogs, now and every five minutes.
async fn poll_pushlogs(pipeline: Pipeline, stop: CancellationToken) {
    loop {
        let queued = match WorkItem::FetchPushLogs.to_message() {
            Ok(message) => pipeline.queue().publish(&[message]).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = queued {
            tracing::error!(error, "cannot queue a poll of the pushlogs");
        }
        if stop.run_until_cancelled(tokio::time::sleep(POLL_EVERY)).await.is_none() {
            return;
        }
    }
}
