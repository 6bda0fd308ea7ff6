//! `treeherder update_bugzilla_security_groups`: who may see security bugs (`spec/ingest.md` §7.4).

use serde_json::json;
use treeherder_ingest::bugzilla::update_security_groups;

use super::update_bugscache::bugzilla;
use crate::config::{BugzillaArgs, NetworkArgs, StorageArgs};
use crate::output::{self, Format, FormatArgs};
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder update_bugzilla_security_groups
  TREEHERDER_BUGZILLA_READ_URL=https://bugzilla.example.org treeherder update_bugzilla_security_groups

The scheduler does the same every day (`treeherder schedule list`).";

/// Copy from Bugzilla which group may see the security bugs of which product
///
/// Bugs about security can be filed for the products that have a group.
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

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let bugzilla = bugzilla(&args.bugzilla, &args.network)?;
    let update = update_security_groups(&bugzilla, &database.store).await?;
    if args.format.format == Format::Json {
        return output::json(&json!({"products": update.products, "failed": update.failed}));
    }
    let text = format!("{} products have a group, {} could not be stored", update.products, update.failed);
    Ok(output::line(&text)?)
}
