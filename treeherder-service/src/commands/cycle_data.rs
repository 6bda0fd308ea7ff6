//! `treeherder cycle_data`: removes what is too old (`spec/ingest.md` §7.6).

use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;
use treeherder_ingest::cycle::{Cycle, CycleOptions, RETENTION_DAYS};

use crate::config::StorageArgs;
use crate::output::{self, Format, FormatArgs};
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder cycle_data                          jobs that were submitted 120 days ago or earlier
  treeherder cycle_data --days 30 --sleep-time 1 those of more than a month, with a pause after each chunk
  treeherder cycle_data from:perfherder          performance data of more than two or three years

The scheduler does both every day (`treeherder schedule list`). It can be stopped at any moment and run beside everything else.";

/// Remove old jobs, or old performance data
///
/// With jobs go their logs, failure lines, notes and bugs, and the job types, groups, machines and platforms that nothing
/// else refers to; pushes and performance data stay. Jobs go in chunks of ids: one young job keeps its chunk and everything
/// after it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to remove
    #[arg(value_enum, value_name = "SOURCE", default_value_t = Source::Treeherder)]
    source: Source,
    /// Days for which jobs are kept [default: 120]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..36_500))]
    days: Option<u32>,
    /// Rows that are removed at a time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    chunk_size: u32,
    /// Seconds to wait after each chunk
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    sleep_time: u32,
    /// Tell about each chunk
    #[arg(long)]
    debug: bool,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Source {
    /// Jobs and what belongs to them.
    #[value(name = "from:treeherder")]
    Treeherder,
    /// Performance data.
    #[value(name = "from:perfherder")]
    Perfherder,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.source == Source::Treeherder || args.days.is_none(),
        "--days: cannot override retention of performance data"
    );
    let database = Database::existing(&args.storage).await?;
    let mut options = CycleOptions::default();
    options.chunk = args.chunk_size;
    options.pause = Duration::from_secs(args.sleep_time.into());
    options.tell = args.debug;
    let cycle = Cycle::new(database.store, options);
    let now = chrono::Utc::now();
    let json = args.format.format == Format::Json;
    if args.source == Source::Perfherder {
        let removed = cycle.remove_performance_data(now).await?;
        if json {
            return output::json(&json!({
                "main": removed.main, "try": removed.try_data, "irrelevant": removed.irrelevant,
                "alert_summaries": removed.summaries, "complete": removed.complete,
            }));
        }
        let text = format!(
            "{} data points removed by age, {} of try, {} of repositories of little interest; {} alert summaries without alerts{}",
            removed.main,
            removed.try_data,
            removed.irrelevant,
            removed.summaries,
            if removed.complete { "" } else { "; the time was over, run it again" }
        );
        return Ok(output::line(&text)?);
    }
    let removed = cycle.remove_jobs(now, args.days.unwrap_or(RETENTION_DAYS)).await?;
    if json {
        return output::json(&json!({
            "jobs": removed.jobs, "unused": removed.unused, "complete": removed.complete,
        }));
    }
    let text = format!(
        "{} jobs removed, and {} job types, groups, machines and platforms that nothing refers to{}",
        removed.jobs,
        removed.unused,
        if removed.complete { "" } else { "; the time was over, run it again" }
    );
    Ok(output::line(&text)?)
}
