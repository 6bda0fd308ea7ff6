//! `treeherder release`: the release phase of a deployment.

use std::time::Duration;

use clap::builder::FalseyValueParser;

use crate::config::StorageArgs;
use crate::output;
use crate::release::{self, CheckArgs, Notice, NoticeArgs};

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=postgres://th:secret@db.example/th?sslmode=verify-full treeherder release
  treeherder release --check          look at the settings only
  SKIP_PREDEPLOY=1 treeherder release nothing is done

Run it before the processes of a new version, of an older one that is gone back to, or with other settings are started, \
and start them only when its status is 0. It may be run again, and on several machines at once.";

/// Prepare the database for this version, before its processes start
///
/// Checks the settings (whatever is not safe aborts the release, unless `TREEHERDER_DEBUG` is set), brings the tables up to
/// date, loads the reference data and tells about the deployment.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,
    /// URL of this site, which is asked for the revision that runs
    #[arg(long, env = "SITE_URL", value_name = "URL", default_value = "http://localhost:8000")]
    site_url: String,
    #[command(flatten)]
    checks: CheckArgs,
    #[command(flatten)]
    notice: NoticeArgs,
    /// Only check the settings
    #[arg(long)]
    check: bool,
    /// Seconds between two of the ten tries to reach the database and to load the reference data
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pause: u64,
    /// Do nothing, for deployments whose release phase is not to touch the database
    #[arg(long, env = "SKIP_PREDEPLOY", value_parser = FalseyValueParser::new())]
    skip: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    if args.skip {
        return Ok(output::line("nothing done: SKIP_PREDEPLOY is set")?);
    }
    let problems = release::problems(&args.checks, &args.storage, &args.site_url);
    for problem in &problems {
        tracing::warn!(problem, "a setting is not safe");
    }
    if !args.checks.debug {
        anyhow::ensure!(
            problems.is_empty(),
            "not released, the settings are not safe:\n  {}",
            problems.join("\n  ")
        );
    }
    if args.check {
        return Ok(output::line(&format!("settings checked, {} problems", problems.len()))?);
    }
    let database = release::prepare(&args.storage, Duration::from_secs(args.pause)).await?;
    let repositories = database.store.repositories().await?.len();
    Notice::new(&args.notice, &args.site_url).await.tell(&args.notice).await;
    Ok(output::line(&format!("{} is up to date, with {repositories} repositories", database.place))?)
}
