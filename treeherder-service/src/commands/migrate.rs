//! `treeherder migrate`: tables and seed data (`spec/api.md` §9.6).

use anyhow::Context as _;
use clap::builder::FalseyValueParser;

use crate::config::StorageArgs;
use crate::output;
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder migrate
  DATABASE_URL=postgres://treeherder@db/treeherder treeherder migrate";

/// Make the tables or bring them up to date, and load the reference data
///
/// Repositories, performance frameworks and classifications are put back as they are shipped; rows of your own with
/// other keys stay. Doing it again changes nothing, and several processes may do it at the same time. The other
/// commands update the tables themselves; this one is for the release phase of a deployment.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,

    /// Do nothing, for deployments whose release phase is not to touch the database
    #[arg(long, env = "SKIP_PREDEPLOY", value_parser = FalseyValueParser::new())]
    skip: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    if args.skip {
        output::line("nothing done: SKIP_PREDEPLOY is set")?;
        return Ok(());
    }
    let database = Database::connect(&args.storage).await?;
    database.store.migrate().await.with_context(|| format!("cannot update {}", database.place))?;
    database.store.seed().await.context("cannot load the reference data")?;
    let repositories = database.store.repositories().await?.len();
    output::line(&format!("{} is up to date, with {repositories} repositories", database.place))?;
    Ok(())
}
