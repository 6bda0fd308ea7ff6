//! `treeherder update_changelog`: what changed in the projects that are watched (`spec/api.md` §3.22).

use anyhow::Context as _;
use serde_json::json;
use treeherder_ingest::changelog::{Changelog, Project, update_changelog};
use treeherder_ingest::http::Client;
use treeherder_ingest::push::Upstream;

use crate::config::{NetworkArgs, StorageArgs};
use crate::output::{self, Format, FormatArgs};
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder update_changelog --changelog-projects mozilla/treeherder,mozsearch/mozsearch
  treeherder update_changelog --days 30

The scheduler does the same every hour for the last two days (`treeherder schedule list`).";

/// Copy commits and releases of projects at GitHub, which graphs show beside what was measured
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many days back changes are looked for
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1000))]
    days: u16,
    /// The projects
    #[arg(
        long,
        env = "TREEHERDER_CHANGELOG_PROJECTS",
        value_name = "OWNER/NAME,…",
        value_delimiter = ',',
        required = true
    )]
    changelog_projects: Vec<Project>,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let client =
        Client::new(args.network.client_options(std::iter::empty())).context("cannot set up HTTP")?;
    let upstream = Upstream::new(client, args.network.upstream_options())?;
    let changelog = Changelog::new(upstream, &args.changelog_projects).with_days(args.days);
    let entries = update_changelog(&changelog, &database.store).await?;
    if args.format.format == Format::Json {
        return output::json(&json!({"entries": entries}));
    }
    Ok(output::line(&format!("{entries} new entries"))?)
}
