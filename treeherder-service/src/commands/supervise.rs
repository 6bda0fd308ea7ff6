//! `treeherder supervise`: runs and restarts a set of processes from one file.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use crate::{shutdown, supervise};

const EXAMPLES: &str = "\
Examples:
  treeherder supervise --file deploy/Procfile                    all of its processes
  treeherder supervise --file deploy/Procfile web worker_misc    these two
  treeherder supervise --file deploy/Procfile --scale worker_log_parser=3,pulse_listener_tasks=0

A line of the file is `name: command`; a shell runs the command, and `treeherder` in it is this program. An entry `release` \
runs first and once, and nothing else is started when it fails. A process that ends is started again after a pause of one \
second, which doubles up to thirty. SIGTERM or SIGINT is passed on to all of them, and the supervisor ends after the last one.";

/// Run a set of processes from one file, and start again what ends
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file, in the form of a Procfile
    #[arg(long, value_name = "FILE", default_value = "Procfile")]
    file: PathBuf,
    /// How often to run some of them; 0 leaves one out
    #[arg(long, value_name = "NAME=N,…", value_delimiter = ',', value_parser = number_of)]
    scale: Vec<(String, u16)>,
    /// Seconds that a process has for its end before it is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    stop_seconds: u64,
    /// Only these processes of the file
    names: Vec<String>,
}

fn number_of(text: &str) -> Result<(String, u16), String> {
    let (name, number) = text.split_once('=').ok_or("not NAME=N")?;
    let number = number.parse().map_err(|_| format!("{number:?} is not a number of processes"))?;
    Ok((name.to_owned(), number))
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let file = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {file}"))?;
    let entries = supervise::parse(&text).with_context(|| format!("cannot read {file}"))?;
    let entries = supervise::chosen(&entries, &args.names, &args.scale)?;
    anyhow::ensure!(!entries.is_empty(), "there is nothing to run in {file}");
    let stop = shutdown::on_signal()?;
    supervise::run(entries, &stop, Duration::from_secs(args.stop_seconds)).await?;
    tracing::info!("stopped");
    Ok(())
}
