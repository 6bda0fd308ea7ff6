//! `treeherder services`: which process types there are.

use serde_json::json;

use crate::output::{self, Format, FormatArgs, Table};
use crate::roles::{Duty, ProcessType};

/// Show the process types of a deployment of many processes
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  treeherder services list\n  treeherder services list --format json")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the process types with their queues and concurrency
    ///
    /// Each name is a command: `treeherder worker_log_parser`. Hyphens may take the place of underscores.
    #[command(after_help = "Examples:\n  treeherder services list\n  treeherder services list --format json")]
    List(FormatArgs),
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Command::List(format) = &args.command;
    if format.format == Format::Json {
        let rows = ProcessType::all().map(|process| {
            let queues = process.queues().into_iter();
            let queues: serde_json::Map<String, serde_json::Value> =
                queues.map(|queue| (queue.to_string(), json!(queue.default_concurrency()))).collect();
            json!({
                "name": process.name,
                "aliases": process.aliases,
                "instances": process.instances,
                "standard": process.standard,
                "queues": queues,
                "about": process.about,
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let mut table = Table::new(&["process type", "instances", ">concurrency", "queues", "about"]);
    for process in ProcessType::all() {
        let queues = process.queues();
        let concurrency = queues.iter().map(|queue| queue.default_concurrency()).max();
        let names: Vec<&str> = queues.iter().map(|queue| queue.as_str()).collect();
        table.row([
            process.name.to_owned(),
            process.instances.to_owned(),
            concurrency
                .filter(|_| process.duty == Duty::Worker)
                .map_or_else(String::new, |number| number.to_string()),
            names.join(" "),
            process.about.to_owned(),
        ]);
    }
    Ok(table.print("no process types")?)
}
