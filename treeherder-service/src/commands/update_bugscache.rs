//! `treeherder update_bugscache`: the copy of Bugzilla's bugs (`spec/ingest.md` §7.1).

use anyhow::Context as _;
use serde_json::json;
use treeherder_ingest::bugzilla::{Bugzilla, update_bugs};
use treeherder_ingest::http::Client;

use crate::config::{BugzillaArgs, NetworkArgs, StorageArgs};
use crate::output::{self, Format, FormatArgs};
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder update_bugscache
  TREEHERDER_BUGZILLA_READ_URL=https://bugzilla.example.org treeherder update_bugscache

The scheduler does the same every hour (`treeherder schedule list`).";

/// Copy what has changed of Bugzilla's bugs about intermittent failures, in which suggestions are searched
///
/// Duplicates lead to the bugs that they are duplicates of, and jobs move there too. With a key for filing
/// (`BUG_FILER_API_KEY`), incomplete bugs that three jobs of the last week have are reopened.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    bugzilla: BugzillaArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Sets up how Bugzilla is asked.
pub(super) fn bugzilla(bugzilla: &BugzillaArgs, network: &NetworkArgs) -> anyhow::Result<Bugzilla> {
    let options = bugzilla.options();
    let mut client_options = network.client_options(std::iter::empty());
    client_options.hosts.allow_host_of(&options.read_url);
    client_options.hosts.allow_host_of(&options.write_url);
    let client = Client::new(client_options).context("cannot set up HTTP")?;
    Ok(Bugzilla::new(client, options))
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let update = update_bugs(&bugzilla(&args.bugzilla, &args.network)?, &database.store).await?;
    if args.format.format == Format::Json {
        return output::json(&json!({
            "stored": update.stored, "failed": update.failed, "reopened": update.reopened,
        }));
    }
    let text = format!(
        "{} bugs stored, {} could not be, {} reopened",
        update.stored, update.failed, update.reopened
    );
    Ok(output::line(&text)?)
}
