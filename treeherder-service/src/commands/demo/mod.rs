//! `treeherder demo`: a made-up CI history, ingested through the same clients and queues as a real one.

mod bugs;
mod burst;
mod continuation;
mod reached;
mod stand_in;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::http::ClientOptions;
use treeherder_ingest::pipeline::Pipeline;
use treeherder_ingest::pulse::{ChannelSource, Kind, Listened};
use treeherder_ingest::queue::QueueName;
use treeherder_testdata::scenario::Scenario;

use crate::config::{ListenArgs, MonitorArgs, StorageArgs};
use crate::data_dir::DataDir;
use crate::output::{self, Format, FormatArgs};
use crate::roles::{self, Database, Vitals, Workers};
use crate::shutdown;
use crate::web::accounts::AccountArgs;
use crate::web::{BridgeView, Health, Live, WebServer};
use burst::Ended;
use summary::Summary;

/// Messages under way between the scenario and the listener.
const CHANNEL: usize = 1_000;

const EXAMPLES: &str = "\
Examples:
  treeherder demo                       until Ctrl-C, on http://127.0.0.1:8000
  treeherder demo --once                exit when the first burst is ingested; 0 only if everything arrived
  treeherder demo --once --format json  the summary as one JSON object
  treeherder jobs --data-dir treeherder-data/demo

Nothing leaves this machine: Taskcluster, Mercurial and GitHub are stand-ins on a loopback port. The demo's database is \
made anew at each start, in the folder `demo` of the data folder; nothing else in there is touched.";

/// Ingest a made-up CI history and go on with it at a human pace
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: ListenArgs,
    /// Exit after the first burst, with status 0 only if everything arrived
    #[arg(long)]
    once: bool,
    /// How much there is to ingest
    #[arg(long, value_enum, value_name = "SIZE", default_value_t = Size::Full)]
    size: Size,
    /// Folder in which the demo makes its own folder, `demo`
    #[arg(long, env = "TREEHERDER_DATA_DIR", value_name = "DIR", default_value = "treeherder-data")]
    data_dir: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

/// How much there is to ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Size {
    /// Ten pushes with 600 tasks, logs of up to 50 MB.
    Full,
    /// Five pushes with 70 tasks and small logs.
    Small,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let stop = shutdown::on_signal()?;
    let site = args.listen.site("http://localhost/")?;
    let web = WebServer::bind(args.listen.listen).await?;
    let url = web.url();
    let folder = args.data_dir.join("demo");
    let data_dir = DataDir::open(&folder)?;
    let _lock = data_dir.lock("demo")??;
    data_dir.remove_database()?;
    let storage = StorageArgs { data_dir: folder.clone(), database_url: None, broker_url: None };
    let database = Database::open(&storage).await?;

    let scenario = match args.size {
        Size::Full => Scenario::demo(),
        Size::Small => Scenario::small(),
    };
    let scenario = scenario.with_base_time(chrono::Utc::now().timestamp_millis());
    let stand_in = stand_in::start(&database, scenario).await?;
    let vitals = Vitals::new(&MonitorArgs::default());
    let (pipeline, concurrency) = stand_in::pipeline(&database, &stand_in, &vitals)?;
    let state = roles::WebParts {
        database: &database,
        data_dir: &storage.data_dir,
        accounts: AccountArgs::for_demo(args.listen.listen),
        bugzilla: stand_in::bugzilla(&stand_in),
        client_options: ClientOptions::for_local_servers(),
        site,
        bridge: BridgeView::default(),
        health: Health::default(),
        live: Live::new(pipeline.clone(), stop.clone()),
        limits: args.listen.limits(),
    };
    let web = tokio::spawn(web.serve(state.state()?, stop.clone()));
    let queues: Vec<QueueName> = QueueName::all().collect();
    let heartbeats = vitals.beat(&database.store, "demo", &queues, concurrency);
    let workers = Workers::start(&pipeline, &vitals);
    let (sender, source) = ChannelSource::new(CHANNEL);
    let scheduler = roles::scheduler(&database, roles::entries_inside(&[]));
    let scheduling = stop.clone();
    let scheduler = tokio::spawn(async move { scheduler.run(&scheduling).await });
    let listener = tokio::spawn(listen(pipeline.clone(), source, stop.clone()));

    let start = Instant::now();
    let ended = burst::run(&database, &pipeline, &stand_in, &sender, &stop).await?;
    bugs::file_and_copy(&database, &stand_in).await?;
    let complete = matches!(ended, Ended::Complete(_));
    if let Ended::Complete(reached) | Ended::Incomplete(reached) = &ended {
        let summary = Summary::new(&stand_in, &pipeline, reached, start.elapsed(), &url).await?;
        match args.format.format {
            Format::Json => output::json(&summary)?,
            Format::Text => output::line(&summary.text())?,
        }
        if !args.once {
            if args.format.format == Format::Text {
                let folder = folder.display();
                output::line(&format!(
                    "\nlook at {url}, it goes on; Ctrl-C ends it\nin another shell: treeherder jobs --data-dir {folder}"
                ))?;
            }
            continuation::run(&pipeline, &stand_in, &sender, &stop).await;
        }
    }
    stop.cancel();
    drop(sender);
    listener.await?;
    scheduler.await?;
    workers.stop().await?;
    heartbeats.stop().await;
    web.await??;
    stand_in.shutdown().await;
    Ok(if complete || !args.once { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn listen(pipeline: Pipeline, mut source: ChannelSource, stop: CancellationToken) -> Listened {
    pipeline.listen(&mut source, Kind::Joint, None, &stop).await
}

/// Makes a delivery of a message of the scenario.
fn delivery(message: &treeherder_testdata::scenario::Message) -> treeherder_ingest::pulse::Delivery {
    treeherder_ingest::pulse::Delivery {
        exchange: message.exchange.clone(),
        routing_key: message.routing_key.clone(),
        cc: message.cc.clone(),
        root_url: message.root_url.clone(),
        body: message.payload(),
    }
}
