//! `treeherder repositories`: the repositories that are known.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use crate::config::StorageArgs;
use crate::output::{self, Format, FormatArgs, Table};
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder repositories list
  treeherder repositories list --all --format json
  treeherder repositories load repository.json";

/// List the repositories, or load some
///
/// A push or a task counts only when its repository is known: by its URL, or by the project in its route.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(ListArgs),
    Load(LoadArgs),
}

/// List the active repositories
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder repositories list --all")]
struct ListArgs {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
    /// The inactive ones too
    #[arg(long)]
    all: bool,
}

/// Load repositories, groups of them and branch rules from a fixture: a JSON list of {"pk", "model", "fields"}
///
/// Rows with the same key are replaced, others stay; a mistake anywhere in the file loads nothing. `treeherder migrate`
/// puts the shipped rows back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder repositories load repository.json")]
struct LoadArgs {
    #[command(flatten)]
    storage: StorageArgs,
    /// Fixture in the form of Mozilla's `repository.json` and `repository_branch.json`
    file: PathBuf,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::List(args) => list(args).await,
        Command::Load(args) => load(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let mut repositories = database.store.repositories().await?;
    repositories.retain(|repository| args.all || repository.active_status == "active");
    if args.format.format == Format::Json {
        let rows = repositories.iter().map(|repository| {
            json!({
                "id": repository.id,
                "name": repository.name,
                "dvcs_type": repository.dvcs_type,
                "url": repository.url,
                "active_status": repository.active_status,
                "tc_root_url": repository.tc_root_url,
                "is_try_repo": repository.is_try_repo,
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let mut table = Table::new(&[">id", "name", "type", "status", "url"]);
    for repository in repositories {
        table.row([
            repository.id.to_string(),
            repository.name,
            repository.dvcs_type,
            repository.active_status,
            repository.url,
        ]);
    }
    Ok(table.print("no repositories")?)
}

async fn load(args: LoadArgs) -> anyhow::Result<()> {
    let place = args.file.display();
    let json = std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {place}"))?;
    let database = Database::open(&args.storage).await?;
    database.store.load_repositories(&json).await.with_context(|| format!("nothing loaded from {place}"))?;
    let known = database.store.repositories().await?.len();
    output::line(&format!("{place} loaded; {known} repositories are known"))?;
    Ok(())
}
