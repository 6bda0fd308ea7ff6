//! `treeherder update_files_bugzilla_map`: which component each file belongs to (`spec/ingest.md` §7.3).

use serde_json::json;
use treeherder_ingest::bugzilla::update_file_components;

use crate::config::{NetworkArgs, StorageArgs};
use crate::output::{self, Format, FormatArgs};
use crate::roles::{self, Database};

const EXAMPLES: &str = "\
Examples:
  treeherder update_files_bugzilla_map
  treeherder update_files_bugzilla_map --format json

Once a day is often enough.";

/// Copy from the newest builds which component of Bugzilla each file of the sources belongs to
///
/// Whoever files a bug about a test is offered the component of its file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let client = roles::client(&database, &args.network).await?;
    let update = update_file_components(&client, &database.store).await?;
    if args.format.format == Format::Json {
        return output::json(&json!({
            "added": update.added, "changed": update.changed, "removed": update.removed,
        }));
    }
    let text =
        format!("{} files added, {} changed, {} removed", update.added, update.changed, update.removed);
    Ok(output::line(&text)?)
}
