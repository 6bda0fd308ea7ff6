//! `treeherder schedule`: what is done periodically, and doing it now.

use chrono::{DateTime, Utc};
use serde_json::json;
use treeherder_ingest::schedule::Periodic;

use crate::config::StorageArgs;
use crate::output::{self, Format, FormatArgs, Table, moment};
use crate::roles::{self, Database};

/// Show what is done periodically, do it now, or switch it off
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  treeherder schedule list\n  treeherder schedule run fetch-push-logs")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(ListArgs),
    Run(NameArgs),
    Enable(SwitchArgs),
    Disable(SwitchArgs),
}

/// List the periodic tasks: when they are due, when they were done, how often nobody was there to do them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  treeherder schedule list\n  treeherder schedule list --format json")]
struct ListArgs {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Put a periodic task on its queue now; its schedule stays as it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder schedule run publish-stats")]
struct NameArgs {
    #[command(flatten)]
    storage: StorageArgs,
    /// Its name, as `treeherder schedule list` shows it
    name: String,
}

/// Switch a periodic task on or off, for all schedulers
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  treeherder schedule disable fetch-push-logs\n  treeherder schedule enable fetch-push-logs"
)]
struct SwitchArgs {
    #[command(flatten)]
    storage: StorageArgs,
    /// Its name, as `treeherder schedule list` shows it
    name: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::List(args) => list(&args).await,
        Command::Run(args) => publish(&args).await,
        Command::Enable(args) => switch(&args, true).await,
        Command::Disable(args) => switch(&args, false).await,
    }
}

fn named(name: &str) -> anyhow::Result<&'static Periodic> {
    Periodic::named(name).ok_or_else(|| {
        let known: Vec<&str> = Periodic::all().map(|entry| entry.name).collect();
        anyhow::anyhow!("there is no periodic task {name:?}; there are {}", known.join(", "))
    })
}

async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let known = database.store.schedule_entries().await?;
    let now = Utc::now();
    let mut rows = Vec::new();
    let mut table = Table::new(&[
        "name",
        "when (UTC)",
        "enabled",
        "last (UTC)",
        "next (UTC)",
        ">fired",
        ">missed",
        "queue",
        "about",
    ]);
    for entry in Periodic::all() {
        let row = known.iter().find(|row| row.name == entry.name);
        let is_enabled = row.is_none_or(|row| row.enabled);
        let time = |value: Option<i64>| value.and_then(DateTime::from_timestamp_millis);
        let last = time(row.and_then(|row| row.last_fired));
        let last_missed = time(row.and_then(|row| row.last_missed));
        let next = entry.next_due(now).filter(|_| is_enabled);
        let (fired, missed) = row.map_or((0, 0), |row| (row.fired, row.missed));
        let queue = entry.queue();
        let text = |time: Option<DateTime<Utc>>| time.map_or_else(String::new, moment);
        table.row([
            entry.name.to_owned(),
            entry.pattern.to_owned(),
            if is_enabled { "yes" } else { "no" }.to_owned(),
            text(last),
            text(next),
            fired.to_string(),
            missed.to_string(),
            queue.to_string(),
            entry.about.to_owned(),
        ]);
        rows.push(json!({
            "name": entry.name,
            "pattern": entry.pattern,
            "enabled": is_enabled,
            "last_fired": last,
            "next_due": next,
            "fired": fired,
            "missed": missed,
            "last_missed": last_missed,
            "queue": queue,
            "about": entry.about,
        }));
    }
    if args.format.format == Format::Json {
        return output::json(&rows);
    }
    Ok(table.print("no periodic tasks")?)
}

async fn publish(args: &NameArgs) -> anyhow::Result<()> {
    let entry = named(&args.name)?;
    let database = Database::open(&args.storage).await?;
    let queue = roles::scheduler(&database, Vec::new()).publish(entry).await?;
    database.close().await;
    Ok(output::line(&format!("{} is on queue {queue}", entry.name))?)
}

async fn switch(args: &SwitchArgs, enabled: bool) -> anyhow::Result<()> {
    let entry = named(&args.name)?;
    let database = Database::open(&args.storage).await?;
    database.store.add_schedule_entries(&[entry.name]).await?;
    database.store.enable_schedule_entry(entry.name, enabled).await?;
    let state = if enabled { "on" } else { "off" };
    Ok(output::line(&format!("{} is switched {state}", entry.name))?)
}
