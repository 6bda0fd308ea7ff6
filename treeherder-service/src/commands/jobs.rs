//! `treeherder jobs`: what has been ingested.

use treeherder_ingest::store::JobFilter;

use crate::config::StorageArgs;
use crate::output::{self, Format, FormatArgs, Table, shortened};
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder jobs                                  the newest jobs
  treeherder jobs --repository autoland --result testfailed
  treeherder jobs --revision 97a58cf70954 --limit 500 --format json";

/// List jobs, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
    /// Only those of this repository
    #[arg(short, long, value_name = "NAME")]
    repository: Option<String>,
    /// Only those of this push: its revision, or the beginning of it
    #[arg(long)]
    revision: Option<String>,
    /// Only those of the push with this id
    #[arg(long, value_name = "ID")]
    push: Option<i32>,
    /// Only those with this result: success, testfailed, busted, exception, retry, usercancel, …
    #[arg(long)]
    result: Option<String>,
    /// Only those in this state: unscheduled, pending, running, completed
    #[arg(long)]
    state: Option<String>,
    /// At most this many, 2000 at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=2000))]
    limit: u64,
    /// Pass over this many first
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    if let Some(name) = &args.repository {
        let known = database.store.repository_by_name(name).await?.is_some();
        anyhow::ensure!(known, "there is no repository {name:?}; `treeherder repositories list` names them");
    }
    let filter = JobFilter {
        repository: args.repository,
        revision: args.revision,
        push_id: args.push,
        result: args.result,
        state: args.state,
        offset: args.offset,
        limit: args.limit,
        ..JobFilter::default()
    };
    let jobs = database.store.jobs(&filter).await?;
    if args.format.format == Format::Json {
        return output::json(&jobs);
    }
    let mut table =
        Table::new(&[">id", "repository", "revision", "state", "result", ">tier", "platform", "job"]);
    for job in jobs {
        let symbol = match job.row.job_group_symbol.as_str() {
            "" | "?" => job.row.job_type_symbol,
            group => format!("{group}({})", job.row.job_type_symbol),
        };
        table.row([
            job.row.id.to_string(),
            job.row.repository,
            job.row.push_revision.chars().take(12).collect(),
            job.row.state,
            job.row.result,
            job.row.tier.to_string(),
            format!("{} {}", job.row.platform, job.platform_option),
            format!("{symbol} {}", shortened(&job.row.job_type_name, 60)),
        ]);
    }
    // The place, since an empty database is made where there is none.
    Ok(table.print(&format!("no such jobs in {}", database.place))?)
}
