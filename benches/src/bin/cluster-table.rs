//! Measures jobs stored end to end with RabbitMQ and PostgreSQL, by one and by two processes that store, and tells where the
//! time goes; `--write` puts the table into the README.
//!
//! Task messages are published on Pulse's exchanges of a private broker, a listener puts them on the queues, workers fetch
//! definitions over loopback, store jobs and publish the work that parses logs. Publisher and Taskcluster's stand-in are in this
//! process and share the machine. What is stored at the end is checked.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::json;
use tokio::task::block_in_place;
use treeherder_benches::cluster::{Deployment, Process, Publisher, Servers, Story};
use treeherder_benches::process_time::{ProcessTimes, descendants_of};
use treeherder_benches::{machine, table};
use treeherder_ingest::pulse::AmqpUrl;
use treeherder_ingest::queue::{Message, Queue as _, QueueName, RabbitOptions, RabbitQueue};
use treeherder_ingest::store::Store;
use treeherder_testdata::scenario::Scenario;

/// How long a phase may take.
const LIMIT: Duration = Duration::from_secs(600);
/// Messages that are published together to the broker alone.
const BATCH: usize = 500;

#[derive(Parser)]
struct Args {
    /// The program to measure.
    #[arg(long, default_value = "target/release/treeherder")]
    program: PathBuf,
    /// Tasks, of which each ends once.
    #[arg(long, default_value_t = 20_000)]
    tasks: u32,
    /// Replaces the table in this file.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "README.md")]
    write: Option<PathBuf>,
}

/// What one run took.
struct Measured {
    /// From the first message on Pulse to the last job in the database.
    seconds: f64,
    /// Until Pulse had confirmed all messages.
    published: f64,
    /// Processor time by part, in seconds.
    parts: Vec<(&'static str, f64)>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let servers = block_in_place(|| Servers::start(true));
    let servers = servers.context("RabbitMQ and PostgreSQL are needed: scripts/install-services")?;
    let alone = broker_alone(&servers.broker_url(Servers::SECOND_VHOST), args.tasks).await?;
    let one = measure(&args, &servers, 1, "/").await?;
    let two = measure(&args, &servers, 2, Servers::SECOND_VHOST).await?;

    let tasks = f64::from(args.tasks);
    let mut text =
        "| what | 1 process stores | 2 processes store | beside it | goal |\n|---|---|---|---|---|\n"
            .to_owned();
    let mut row = |what: &str, cells: [String; 2], beside: &str, goal: &str| {
        let [one, two] = cells;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {what} | {one} | {two} | {beside} | {goal} |");
    };
    let both = |cell: &dyn Fn(&Measured) -> String| [cell(&one), cell(&two)];
    row(
        "jobs stored, from Pulse to PostgreSQL",
        both(&|run| format!("{:.0}/s", tasks / run.seconds)),
        "Treeherder: 8.6/s with 2 + 2 processes",
        "1,000/s",
    );
    row(
        "the same as a share of what RabbitMQ alone confirms",
        both(&|run| format!("{:.1} %", 100.0 * tasks / run.seconds / alone)),
        "",
        "3.3 %: 1,000 of 30,000",
    );
    row(
        "messages confirmed by Pulse meanwhile",
        both(&|run| format!("{:.0}/s", tasks / run.published)),
        &format!("RabbitMQ alone, one quorum queue: {alone:.0}/s"),
        "",
    );
    for (position, (part, _)) in one.parts.iter().enumerate() {
        let cells = both(&|run| format!("{:.2} ms", 1e3 * run.parts[position].1 / tasks));
        row(&format!("processor time of a job: {part}"), cells, "", "");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let busy =
        |run: &Measured| 100.0 * run.parts.iter().map(|(_, spent)| spent).sum::<f64>() / run.seconds / cores;
    row("all processors busy", both(&|run| format!("{:.0} %", busy(run))), "", "");
    let _ = write!(
        text,
        "\n{}. {} tasks with one message each. Treeherder's figure was measured on another machine of this kind.",
        machine::describe(),
        args.tasks
    );
    println!("{text}");
    if let Some(path) = args.write {
        table::replace(&path, "cluster", &text)?;
    }
    Ok(())
}

/// Returns how many messages a second the broker confirms when it has nothing else to do.
async fn broker_alone(url: &str, messages: u32) -> Result<f64> {
    let mut options = RabbitOptions::new(AmqpUrl::parse(url).map_err(anyhow::Error::msg)?, "measurement");
    options.prefix = "alone.".to_owned();
    let queue = RabbitQueue::new(options);
    let message = Message::new(QueueName::StorePulseTasks, "x".repeat(1_500));
    let batch = vec![message; BATCH];
    queue.publish(&batch).await?;
    let start = Instant::now();
    for _ in 0..messages as usize / BATCH {
        queue.publish(&batch).await?;
    }
    let rate = (messages as usize / BATCH * BATCH) as f64 / start.elapsed().as_secs_f64();
    queue.close().await;
    Ok(rate)
}

/// Lets so many processes store the jobs of all tasks.
async fn measure(args: &Args, servers: &Servers, stores: usize, vhost: &str) -> Result<Measured> {
    let story = Story::of(Scenario::scaled(args.tasks), args.tasks as usize).await?;
    let (pushes, tasks): (Vec<_>, Vec<_>) =
        story.messages.iter().cloned().partition(|message| !message.exchange.contains("/task-"));
    let folder = tempfile::tempdir()?;
    let database = servers.create_database().await;
    let broker = servers.broker_url(vhost);
    let source = json!([{"pulse_url": broker, "vhost": vhost, "root_url": story.stand_in.urls().root(), "hgmo": true,
        "github": true}]);
    let deployment = Deployment::new(&args.program, folder.path())
        .with("DATABASE_URL", &database)
        .with("BROKER_URL", &broker)
        .with("GITHUB_API_URL", &story.stand_in.urls().github_api())
        .with("TREEHERDER_DEBUG", "1")
        .with("TREEHERDER_PRIVATE_HOSTS", "127.0.0.1")
        .with("PULSE_PUSH_SOURCES", &source.to_string())
        .with("PULSE_TASK_SOURCES", &source.to_string());
    block_in_place(|| deployment.run(&["release"], LIMIT))?;
    story.load_repositories(&database).await?;
    let publisher = Publisher::new(&broker);
    publisher.declare().await?;
    let listeners = [
        deployment.start("pushes", &["pulse_listener_pushes"])?,
        deployment.start("tasks", &["pulse_listener_tasks"])?,
    ];
    let stores = (1..=stores)
        .map(|number| deployment.start(&format!("store-{number}"), &["worker_store_pulse_data"]))
        .collect::<Result<Vec<_>>>()?;
    let store = Store::connect(&database, 1).await?;

    publisher.publish(&pushes, None).await;
    wait("pushes", async || Ok(stored_pushes(&store).await? == story.expected.pushes)).await?;

    let parts = Parts::of(servers, &listeners, &stores)?;
    let before = parts.times()?;
    let start = Instant::now();
    publisher.publish(&tasks, None).await;
    let published = start.elapsed().as_secs_f64();
    // The database is left in peace until all definitions have been asked for.
    let wanted = u64::from(args.tasks);
    wait("definitions", async || Ok(story.stand_in.counts().definitions >= wanted)).await?;
    wait("jobs", async || Ok(stored_jobs(&store).await? == wanted)).await?;
    let seconds = start.elapsed().as_secs_f64();
    let after = parts.times()?;
    let parts =
        after.into_iter().zip(before).map(|((name, after), (_, before))| (name, after.since(&before)));
    let measured = Measured { seconds, published, parts: parts.collect() };
    for process in stores.into_iter().chain(listeners) {
        block_in_place(|| process.stop(LIMIT))?;
    }
    ensure!(stored_jobs(&store).await? == wanted, "jobs became more or fewer afterwards");
    store.connection().clone().close().await?;
    story.stand_in.shutdown().await;
    Ok(measured)
}

/// The processes whose time is told.
struct Parts(Vec<(&'static str, Vec<u32>)>);

impl Parts {
    fn of(servers: &Servers, listeners: &[Process], stores: &[Process]) -> Result<Self> {
        let ids = |processes: &[Process]| processes.iter().map(Process::id).collect::<Vec<_>>();
        Ok(Self(vec![
            ("listeners", ids(listeners)),
            ("workers that store", ids(stores)),
            ("RabbitMQ", descendants_of(servers.broker_process())?),
            ("PostgreSQL", descendants_of(servers.database_process())?),
            ("Pulse's publisher and Taskcluster's stand-in", vec![std::process::id()]),
        ]))
    }

    fn times(&self) -> Result<Vec<(&'static str, ProcessTimes)>> {
        self.0.iter().map(|(name, processes)| Ok((*name, ProcessTimes::of(processes)?))).collect()
    }
}

async fn stored_jobs(store: &Store) -> Result<u64> {
    Ok(store.job_tallies().await?.iter().map(|tally| tally.jobs).sum())
}

async fn stored_pushes(store: &Store) -> Result<u64> {
    let tables = store.table_counts().await?;
    let rows = tables.iter().find(|table| table.table == "push").map_or(0, |table| table.rows);
    Ok(u64::try_from(rows)?)
}

/// Waits until something is so.
async fn wait(what: &str, is_so: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is_so().await? {
        ensure!(start.elapsed() < LIMIT, "not all {what} in {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
