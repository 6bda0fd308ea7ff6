//! The process types of a deployment of many processes: listeners and workers, each by the word of the table.

use clap::error::ErrorKind;
use clap::{ArgMatches, Args as _, FromArgMatches, Subcommand};
use treeherder_ingest::pulse::Kind;
use treeherder_ingest::queue::QueueName;

use crate::config::{IngestArgs, MonitorArgs, NetworkArgs, PulseArgs, StorageArgs};
use crate::roles::{self, Database, Duty, Listeners, ProcessType, Vitals, Workers, queue_for_listeners};
use crate::shutdown;

/// Connections to the database besides one for each batch that is under way.
const FURTHER_CONNECTIONS: usize = 4;

/// A process type and its settings.
#[derive(Debug)]
pub(crate) enum Process {
    /// Listens to Pulse.
    Listener(&'static str, Kind, Box<ListenerArgs>),
    /// Works on queues.
    Worker(&'static str, Vec<QueueName>, Box<WorkerArgs>),
}

/// Settings of a listener.
#[derive(Debug, clap::Args)]
pub(crate) struct ListenerArgs {
    #[command(flatten)]
    pulse: PulseArgs,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    monitor: MonitorArgs,
}

/// Settings of a worker.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    /// Batches of each queue that are worked on at the same time [default: as `treeherder services list` shows]
    #[arg(long, env = "TREEHERDER_CONCURRENCY", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: Option<u16>,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    ingest: IngestArgs,
    #[command(flatten)]
    monitor: MonitorArgs,
}

const WORKER_EXAMPLES: &str = "\
Examples:
  treeherder worker --queues log_parser,perf_ingest
  treeherder worker --queues store_pulse_tasks --concurrency 1

Several processes work together on PostgreSQL or, with BROKER_URL, on RabbitMQ.";

/// Work on some queues
#[derive(Debug, clap::Args)]
#[command(after_help = WORKER_EXAMPLES)]
pub(crate) struct AnyWorkerArgs {
    /// Queues to work on, as `treeherder queues` names them
    #[arg(long, required = true, value_name = "QUEUE,…", value_delimiter = ',')]
    queues: Vec<QueueName>,
    #[command(flatten)]
    worker: WorkerArgs,
}

impl AnyWorkerArgs {
    pub(crate) fn into_process(self) -> Process {
        Process::Worker("worker", self.queues, Box::new(self.worker))
    }
}

fn command_of(process: &'static ProcessType) -> Option<clap::Command> {
    let command = clap::Command::new(process.name).about(process.about).aliases(process.aliases).hide(true);
    let name = process.name;
    let command = match process.duty {
        Duty::Command => return None,
        Duty::Listener(_) => ListenerArgs::augment_args(command).after_help(format!(
            "Example:\n  PULSE_URL=amqp://me:secret@pulse.example/ BROKER_URL=amqp://th:secret@broker/th treeherder {name}\n\n\
             With BROKER_URL it needs no database. It waits for Pulse and the broker as long as that takes; a message is \
             acknowledged when it is on its queue.",
        )),
        Duty::Worker => WorkerArgs::augment_args(command).after_help(format!(
            "Example:\n  DATABASE_URL=postgres://th@db/th BROKER_URL=amqp://th:secret@broker/th treeherder {name}\n\n\
             Queues: {}.",
            process.queues().iter().map(|queue| queue.as_str()).collect::<Vec<_>>().join(", "),
        )),
    };
    Some(command)
}

impl Subcommand for Process {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command.subcommands(ProcessType::all().filter_map(command_of))
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        ProcessType::all().any(|process| process.name == name && process.duty != Duty::Command)
    }
}

impl FromArgMatches for Process {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::new(ErrorKind::MissingSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        let process = ProcessType::all().find(|process| process.name == name).ok_or_else(missing)?;
        match process.duty {
            Duty::Listener(kind) => {
                Ok(Self::Listener(process.name, kind, Box::new(ListenerArgs::from_arg_matches(matches)?)))
            }
            Duty::Worker => {
                let args = Box::new(WorkerArgs::from_arg_matches(matches)?);
                Ok(Self::Worker(process.name, process.queues(), args))
            }
            Duty::Command => Err(missing()),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

pub(crate) async fn run(process: Process) -> anyhow::Result<()> {
    match process {
        Process::Listener(name, kind, args) => listen(name, kind, &args).await,
        Process::Worker(name, queues, args) => work(name, queues, &args).await,
    }
}

async fn listen(name: &str, kind: Kind, args: &ListenerArgs) -> anyhow::Result<()> {
    // What is wrong with the settings is told even where nothing is to be done.
    args.pulse.settings(kind)?;
    if args.pulse.skip_ingestion {
        tracing::info!("SKIP_INGESTION is set: nothing to do");
        return Ok(());
    }
    let stop = shutdown::on_signal()?;
    let Some(queue) = queue_for_listeners(&args.storage, &stop).await? else { return Ok(()) };
    let listeners = Listeners::start(&queue.queue, &[kind], &args.pulse, &args.network, &stop)?;
    let heartbeats = Vitals::new(&args.monitor).beat_when_possible(&args.storage, name);
    listeners.stopped().await?;
    heartbeats.stop().await;
    queue.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn work(name: &str, queues: Vec<QueueName>, args: &WorkerArgs) -> anyhow::Result<()> {
    let stop = shutdown::on_signal()?;
    let mut options = roles::pipeline_options(&args.ingest);
    let mut batches = FURTHER_CONNECTIONS;
    for queue in &queues {
        let concurrency = args.concurrency.map_or_else(|| queue.default_concurrency(), usize::from);
        options = options.with_concurrency(*queue, concurrency);
        batches += concurrency;
    }
    let vitals = Vitals::new(&args.monitor);
    let concurrency = vitals.observe(&mut options, queues.iter().copied());
    let connections = u32::try_from(batches).unwrap_or(u32::MAX);
    let Some(database) = Database::await_ready(&args.storage, connections, &stop).await? else {
        return Ok(());
    };
    let lock = database.start_work(&args.storage, name).await??;
    let pipeline = roles::pipeline(&database, &args.network, options).await?;
    let names: Vec<&str> = queues.iter().map(|queue| queue.as_str()).collect();
    tracing::info!(queues = names.join(","), database = database.place, "working");
    let heartbeats = vitals.beat(&database.store, name, &queues, concurrency);
    let workers = Workers::start_on(&pipeline, &vitals, queues);
    stop.cancelled().await;
    workers.stop().await?;
    heartbeats.stop().await;
    database.close().await;
    drop(lock);
    tracing::info!("stopped");
    Ok(())
}
