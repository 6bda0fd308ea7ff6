//! `treeherder munin-plugin`: values for munin's graphs.

use clap::ValueEnum;

use crate::config::StorageArgs;
use crate::output;
use crate::roles::Database;
use crate::telemetry::{Snapshot, munin_config, munin_values};

const EXAMPLES: &str = "\
Examples:
  treeherder munin-plugin config   the graphs
  treeherder munin-plugin fetch    the values

As a plugin, an executable file /etc/munin/plugins/treeherder with
  #!/bin/sh
  exec treeherder munin-plugin \"${1:-fetch}\"
and in /etc/munin/plugin-conf.d/treeherder the settings of the deployment (env.DATABASE_URL, env.BROKER_URL).";

/// Tell munin how much waits, which workers live and what becomes of tasks
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What munin asks for
    #[arg(value_enum, default_value_t = Question::Fetch)]
    question: Question,
    #[command(flatten)]
    storage: StorageArgs,
}

/// What munin asks a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Question {
    /// Which graphs there are.
    Config,
    /// The values.
    Fetch,
    /// Whether the plugin can be used here.
    Autoconf,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    if args.question == Question::Autoconf {
        let answer = match Database::existing(&args.storage).await {
            Ok(_) => "yes".to_owned(),
            Err(error) => format!("no ({})", output::printable(&format!("{error:#}"))),
        };
        return Ok(output::line(&answer)?);
    }
    // A database that is down is a gap in the graphs, not an error of the plugin.
    let snapshot = match Database::existing(&args.storage).await {
        Ok(database) => {
            let snapshot = Snapshot::take(&database.store, database.queue.as_ref()).await;
            database.close().await;
            snapshot
        }
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "there are no values");
            Snapshot::default()
        }
    };
    let text =
        if args.question == Question::Config { munin_config(&snapshot) } else { munin_values(&snapshot) };
    Ok(output::line(text.trim_end())?)
}
