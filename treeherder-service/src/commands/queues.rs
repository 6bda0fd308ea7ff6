//! `treeherder queues`: how much work waits, what could not be done, and another try for it.

use treeherder_ingest::queue::{DeadLetter, Page, QueueName};

use crate::config::StorageArgs;
use crate::output::{self, Format, FormatArgs, Table, moment, shortened, span};
use crate::roles::Database;

/// Dead letters read at a time.
const PAGE: u32 = 500;

/// Characters of an error shown in a table.
const ERROR_SHOWN: usize = 100;

const EXAMPLES: &str = "\
Examples:
  treeherder queues                      how much waits where
  treeherder queues dead log_parser      what could not be processed, and why
  treeherder queues show 17              all of one dead letter
  treeherder queues put-back 17          another try for dead letter 17
  treeherder queues put-back --all log_parser
  treeherder queues discard 18           never mind";

/// Show how much work waits, list dead letters and put them back
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    depths: DepthArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Dead(DeadArgs),
    Show(ShowArgs),
    PutBack(PutBackArgs),
    Discard(DiscardArgs),
}

#[derive(Debug, clap::Args)]
struct DepthArgs {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// List dead letters, newest first
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  treeherder queues dead\n  treeherder queues dead log_parser --format json"
)]
struct DeadArgs {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
    /// Only those of this queue
    queue: Option<QueueName>,
    /// At most this many of each queue
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// Show all of a dead letter: its whole error and what it says
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder queues show 17")]
struct ShowArgs {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
    /// Id of the dead letter, as `treeherder queues dead` shows it
    id: i64,
}

/// Remove dead letters for good
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  treeherder queues show 17 --format json > 17.json && treeherder queues discard 17"
)]
struct DiscardArgs {
    #[command(flatten)]
    storage: StorageArgs,
    /// Ids of dead letters, as `treeherder queues dead` shows them
    #[arg(required = true)]
    ids: Vec<i64>,
}

/// Put dead letters back into their queue, with their attempts forgotten
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  treeherder queues put-back 17 18\n  treeherder queues put-back --all log_parser"
)]
struct PutBackArgs {
    #[command(flatten)]
    storage: StorageArgs,
    /// Ids of dead letters, as `treeherder queues dead` shows them
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<i64>,
    /// All dead letters of this queue
    #[arg(long, value_name = "QUEUE")]
    all: Option<QueueName>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        None => depths(&args.depths).await,
        Some(Command::Dead(args)) => dead(args).await,
        Some(Command::Show(args)) => show(&args).await,
        Some(Command::PutBack(args)) => put_back(args).await,
        Some(Command::Discard(args)) => discard(args).await,
    }
}

async fn depths(args: &DepthArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let depths = database.queue.depths().await?;
    if args.format.format == Format::Json {
        let rows = depths.iter().map(|depth| {
            serde_json::json!({
                "queue": depth.queue,
                "ready": depth.ready,
                "delayed": depth.delayed,
                "leased": depth.leased,
                "dead": depth.dead,
                "oldest_ready_seconds": depth.oldest_ready.map(|age| age.as_secs_f64()),
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let mut table = Table::new(&["queue", ">ready", ">delayed", ">leased", ">dead", ">oldest", "content"]);
    for depth in depths {
        table.row([
            depth.queue.to_string(),
            depth.ready.to_string(),
            depth.delayed.to_string(),
            depth.leased.to_string(),
            depth.dead.to_string(),
            depth.oldest_ready.map_or_else(String::new, span),
            depth.queue.content().to_owned(),
        ]);
    }
    Ok(table.print("no queues")?)
}

async fn dead(args: DeadArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let queues: Vec<QueueName> = args.queue.map_or_else(|| QueueName::all().collect(), |queue| vec![queue]);
    let mut letters = Vec::new();
    for queue in queues {
        letters.extend(read_dead(&database, queue, args.limit).await?);
    }
    if args.format.format == Format::Json {
        return output::json(&letters);
    }
    let mut table = Table::new(&[">id", "queue", ">attempts", "first seen (UTC)", "error"]);
    for letter in letters {
        table.row([
            letter.id.to_string(),
            letter.queue.to_string(),
            letter.attempts.to_string(),
            moment(letter.first_seen),
            shortened(&letter.error, ERROR_SHOWN),
        ]);
    }
    Ok(table.print("no dead letters")?)
}

async fn read_dead(database: &Database, queue: QueueName, limit: u32) -> anyhow::Result<Vec<DeadLetter>> {
    let mut letters: Vec<DeadLetter> = Vec::new();
    loop {
        let left = limit.saturating_sub(u32::try_from(letters.len()).unwrap_or(u32::MAX));
        let page = Page { before: letters.last().map(|letter| letter.id), limit: left.min(PAGE) };
        let more = if left == 0 { Vec::new() } else { database.queue.dead_letters(queue, page).await? };
        if more.is_empty() {
            return Ok(letters);
        }
        letters.extend(more);
    }
}

async fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    for queue in QueueName::all() {
        // Newest first: the letter is the first one below the next id.
        let page = Page { before: args.id.checked_add(1), limit: 1 };
        let letters = database.queue.dead_letters(queue, page).await?;
        let Some(letter) = letters.into_iter().find(|letter| letter.id == args.id) else { continue };
        if args.format.format == Format::Json {
            return output::json(&letter);
        }
        for (name, value) in [
            ("id", letter.id.to_string()),
            ("message", letter.message_id.to_string()),
            ("queue", letter.queue.to_string()),
            ("attempts", letter.attempts.to_string()),
            ("first seen", moment(letter.first_seen)),
            ("dead since", moment(letter.dead_since)),
            ("error", output::printable(&letter.error)),
            ("payload", output::printable(&letter.payload)),
        ] {
            output::line(&format!("{name:<11}{value}"))?;
        }
        return Ok(());
    }
    anyhow::bail!("there is no dead letter {}", args.id)
}

async fn discard(args: DiscardArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let mut missing = Vec::new();
    for id in args.ids {
        let mut found = None;
        for queue in QueueName::all() {
            if database.queue.discard(queue, id).await? {
                found = Some(queue);
                break;
            }
        }
        match found {
            Some(queue) => output::line(&format!("dead letter {id} of {queue} is removed"))?,
            None => missing.push(id.to_string()),
        }
    }
    database.close().await;
    anyhow::ensure!(missing.is_empty(), "there is no dead letter {}", missing.join(", "));
    Ok(())
}

async fn put_back(args: PutBackArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    if let Some(queue) = args.all {
        let number = database.queue.put_back_all(queue).await?;
        output::line(&format!("{number} dead letters are back in {queue}"))?;
        return Ok(());
    }
    let mut missing = Vec::new();
    for id in args.ids {
        match put_one_back(&database, id).await? {
            Some(queue) => output::line(&format!("dead letter {id} is back in {queue}"))?,
            None => missing.push(id.to_string()),
        }
    }
    anyhow::ensure!(missing.is_empty(), "there is no dead letter {}", missing.join(", "));
    Ok(())
}

/// Ids are unique over all queues, so people need not name the queue.
async fn put_one_back(database: &Database, id: i64) -> anyhow::Result<Option<QueueName>> {
    for queue in QueueName::all() {
        if database.queue.put_back(queue, id).await? {
            return Ok(Some(queue));
        }
    }
    Ok(None)
}
