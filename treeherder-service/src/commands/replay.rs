//! `treeherder replay`: recorded messages take the way that messages of Pulse take.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use treeherder_ingest::pipeline::Pipeline;
use treeherder_ingest::pulse::{Kind, Listened, Pace, ReplaySource};
use treeherder_ingest::queue::QueueName;

use crate::config::{IngestArgs, MonitorArgs, NetworkArgs, StorageArgs};
use crate::output::{self, Format, FormatArgs};
use crate::roles::{self, Database, Vitals, Workers};
use crate::{progress, shutdown};

const EXAMPLES: &str = "\
Examples:
  treeherder replay pulse.jsonl                 as fast as possible
  treeherder replay --speed 60 monday.jsonl     an hour in a minute
  treeherder replay --queue-only pulse.jsonl    a running `treeherder serve` does the work

A line is {\"exchange\": …, \"routing_key\": …, \"cc\": [], \"root_url\": …, \"at\": SECONDS, \"body\": {…}}. A line that \
cannot be read becomes a dead letter (`treeherder queues dead`). A replay can be repeated, in part or whole, without \
harm.";

/// Ingest recorded Pulse messages, one JSON object a line
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Recordings, replayed in this order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Keep the recorded pauses, divided by this factor [default: no pauses]
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    speed: Option<f64>,
    /// Only put the messages on the queues, for another process to work on
    #[arg(long)]
    queue_only: bool,
    /// Also wait for what failed and is to be tried again later, which can take hours
    #[arg(long, conflicts_with = "queue_only")]
    wait_for_retries: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    ingest: IngestArgs,
    #[command(flatten)]
    monitor: MonitorArgs,
}

/// Reads a positive number.
pub(crate) fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(factor),
        _ => Err("not a positive number".to_owned()),
    }
}

/// Finds files that cannot be read before any work begins.
pub(crate) fn check_files(files: &[PathBuf]) -> anyhow::Result<()> {
    for file in files {
        let cannot = || format!("cannot read {}", file.display());
        let kind = std::fs::File::open(file).and_then(|file| file.metadata()).with_context(cannot)?;
        anyhow::ensure!(!kind.is_dir(), "cannot read {}: it is a folder", file.display());
    }
    Ok(())
}

/// Makes the source of recordings.
pub(crate) fn source(files: &[PathBuf], speed: Option<f64>) -> ReplaySource {
    let pace = speed.map_or(Pace::AsFastAsPossible, |speed| Pace::Timed { speed });
    ReplaySource::new(files.to_vec(), pace)
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    check_files(&args.files)?;
    let stop = shutdown::on_signal()?;
    let database = Database::open(&args.storage).await?;
    let vitals = Vitals::new(&args.monitor);
    let mut options = roles::pipeline_options(&args.ingest);
    let concurrency = vitals.observe(&mut options, QueueName::all());
    let pipeline = roles::pipeline(&database, &args.network, options).await?;
    let mut lock = None;
    let mut works = !args.queue_only;
    if works {
        match database.start_work(&args.storage, "replay").await? {
            Ok(taken) => lock = taken,
            Err(in_use) => {
                works = false;
                eprintln!("{in_use}: the messages are put on its queues, and it does the work");
            }
        }
    }
    let start = Instant::now();
    let queues: Vec<QueueName> = QueueName::all().collect();
    let heartbeats = works.then(|| vitals.beat(&database.store, "replay", &queues, concurrency));
    let workers = works.then(|| Workers::start(&pipeline, &vitals));
    let showing = CancellationToken::new();
    let display = tokio::spawn(show(pipeline.clone(), showing.clone()));

    let mut source = source(&args.files, args.speed);
    let listened = pipeline.listen(&mut source, Kind::Joint, None, &stop).await;
    if workers.is_some()
        && let Some(drained) =
            stop.run_until_cancelled(pipeline.drained(&queues, args.wait_for_retries)).await
    {
        drained?;
    }
    if let Some(workers) = workers {
        workers.stop().await?;
    }
    if let Some(heartbeats) = heartbeats {
        heartbeats.stop().await;
    }
    showing.cancel();
    display.await?;
    drop(lock);
    report(&database, &pipeline, listened, start.elapsed(), args.format.format, stop.is_cancelled()).await?;
    database.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Shows how far the work has come.
async fn show(pipeline: Pipeline, stop: CancellationToken) {
    let display = progress::spinner("replaying");
    while stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(250))).await.is_some() {
        let done = pipeline.statistics();
        let items: u64 = done.queues.iter().map(|queue| queue.done).sum();
        display.set_message(format!(
            "{items} work items, {} pushes, {} job messages, {} logs, {} failure lines",
            done.pushes_stored, done.jobs_stored, done.logs_parsed, done.failure_lines
        ));
    }
    display.finish_and_clear();
}

async fn report(
    database: &Database,
    pipeline: &Pipeline,
    listened: Listened,
    time: Duration,
    format: Format,
    interrupted: bool,
) -> anyhow::Result<()> {
    let done = pipeline.statistics();
    let depths = database.queue.depths().await?;
    let waiting: u64 = depths.iter().map(|depth| depth.ready + depth.leased).sum();
    let delayed: u64 = depths.iter().map(|depth| depth.delayed).sum();
    let dead: u64 = depths.iter().map(|depth| depth.dead).sum();
    if format == Format::Json {
        return output::json(&json!({
            "messages": listened.received,
            "unusable_messages": listened.dead,
            "pushes": done.pushes_stored,
            "job_messages": done.jobs_stored,
            "logs": done.logs_parsed,
            "failure_lines": done.failure_lines,
            "error_summary_lines": done.summary_lines,
            "performance_data": done.performance_data,
            "compressed_bytes": done.compressed_bytes,
            "decoded_bytes": done.decoded_bytes,
            "seconds": time.as_secs_f64(),
            "waiting": waiting,
            "delayed": delayed,
            "dead_letters": dead,
            "interrupted": interrupted,
        }));
    }
    output::line(&format!(
        "{} messages in {:.1} s: {} pushes, {} job messages, {} logs ({:.1} MB), {} failure lines",
        listened.received,
        time.as_secs_f64(),
        done.pushes_stored,
        done.jobs_stored,
        done.logs_parsed,
        done.decoded_bytes as f64 / 1e6,
        done.failure_lines
    ))?;
    if interrupted {
        output::line("stopped before the end: replay again, what is stored already does no harm")?;
    }
    if waiting + delayed > 0 {
        output::line(&format!(
            "{waiting} work items wait and {delayed} are to be tried again later; `treeherder serve` goes on with them"
        ))?;
    }
    if dead > 0 {
        output::line(&format!("{dead} dead letters are kept; `treeherder queues dead` lists them"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_positive() {
        assert_eq!(factor("2.5"), Ok(2.5));
        for wrong in ["0", "-1", "inf", "NaN", "fast"] {
            assert!(factor(wrong).is_err(), "{wrong}");
        }
    }
}
