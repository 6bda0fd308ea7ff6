//! `treeherder failures`: failure lines of one job, or the newest of a repository.

use serde_json::{Value, json};
use treeherder_ingest::store::JobFilter;

use crate::config::StorageArgs;
use crate::output::{self, Format, FormatArgs, Table, printable, shortened};
use crate::roles::Database;

const EXAMPLES: &str = "\
Examples:
  treeherder failures 4711                     all of job 4711
  treeherder failures --repository autoland    the newest of a repository
  treeherder failures --repository try --limit 200 --format json";

/// Show what failed: the lines of logs and error summaries
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
    /// Id of a job, as `treeherder jobs` shows it
    #[arg(required_unless_present = "repository", conflicts_with = "repository")]
    job: Option<i64>,
    /// The newest of this repository
    #[arg(short, long, value_name = "NAME")]
    repository: Option<String>,
    /// At most this many of each kind, 1000 at most; for a repository
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        requires = "repository",
        value_parser = clap::value_parser!(u64).range(1..=1000)
    )]
    limit: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    match (args.job, &args.repository) {
        (Some(id), _) => of_job(&database, id, args.format.format).await,
        (None, Some(name)) => of_repository(&database, name, args.limit, args.format.format).await,
        // The definition of the arguments rules it out.
        (None, None) => Ok(()),
    }
}

async fn of_job(database: &Database, id: i64, format: Format) -> anyhow::Result<()> {
    let store = &database.store;
    let filter = JobFilter { id: Some(id), limit: 1, ..JobFilter::default() };
    let Some(job) = store.jobs(&filter).await?.pop() else {
        anyhow::bail!("there is no job {id}; `treeherder jobs` lists them");
    };
    let (errors, failures) = (store.error_lines(id).await?, store.failure_lines(id).await?);
    if format == Format::Json {
        let errors: Vec<Value> = errors
            .iter()
            .map(|line| json!({"line_number": line.line_number, "line": line.line, "new_failure": line.new_failure}))
            .collect();
        let failures: Vec<Value> = failures
            .iter()
            .map(|line| {
                json!({
                    "line": line.line, "action": line.action, "test": line.test, "subtest": line.subtest,
                    "status": line.status, "expected": line.expected, "message": line.message,
                    "signature": line.signature,
                })
            })
            .collect();
        return output::json(&json!({"job": job, "error_lines": errors, "failure_lines": failures}));
    }
    let job = job.row;
    output::line(&printable(&format!(
        "job {id}: {} on {}, {} ({} {})",
        job.job_type_name, job.platform, job.result, job.repository, job.push_revision
    )))?;
    for line in &errors {
        // People and editors count lines from 1.
        output::line(&printable(&format!("{:>9}  {}", i64::from(line.line_number) + 1, line.line)))?;
    }
    for line in &failures {
        let what = Failure {
            action: &line.action,
            test: line.test.as_deref(),
            subtest: line.subtest.as_deref(),
            status: &line.status,
            expected: line.expected.as_deref(),
            message: line.message.as_deref().or(line.signature.as_deref()),
        };
        output::line(&printable(&format!("  summary  {}", what.text())))?;
    }
    if errors.is_empty() && failures.is_empty() {
        output::line("no failure lines")?;
    }
    Ok(())
}

async fn of_repository(database: &Database, name: &str, limit: u64, format: Format) -> anyhow::Result<()> {
    let store = &database.store;
    let Some(repository) = store.repository_by_name(name).await? else {
        anyhow::bail!("there is no repository {name:?}; `treeherder repositories list` names them");
    };
    let errors = store.newest_error_lines(repository.id, None, limit).await?;
    let failures = store.newest_failure_lines(repository.id, None, limit).await?;
    if format == Format::Json {
        let errors: Vec<Value> = errors
            .iter()
            .map(|line| {
                json!({
                    "job_id": line.job.job_id, "job_type_name": line.job.job_type_name,
                    "platform": line.job.platform, "revision": line.job.revision,
                    "line_number": line.line_number, "line": line.line, "new_failure": line.new_failure,
                })
            })
            .collect();
        let failures: Vec<Value> = failures
            .iter()
            .map(|line| {
                json!({
                    "job_id": line.job.job_id, "job_type_name": line.job.job_type_name,
                    "platform": line.job.platform, "revision": line.job.revision,
                    "line": line.line, "action": line.action, "test": line.test, "subtest": line.subtest,
                    "status": line.status, "expected": line.expected, "message": line.message,
                    "signature": line.signature,
                })
            })
            .collect();
        return output::json(&json!({"error_lines": errors, "failure_lines": failures}));
    }
    let mut table = Table::new(&[">job", "revision", "platform", ">line", "failure"]);
    for line in errors {
        table.row([
            line.job.job_id.to_string(),
            line.job.revision.chars().take(12).collect(),
            line.job.platform,
            (i64::from(line.line_number) + 1).to_string(),
            shortened(&line.line, 160),
        ]);
    }
    for line in failures {
        let what = Failure {
            action: &line.action,
            test: line.test.as_deref(),
            subtest: line.subtest.as_deref(),
            status: &line.status,
            expected: line.expected.as_deref(),
            message: line.message.as_deref().or(line.signature.as_deref()),
        };
        table.row([
            line.job.job_id.to_string(),
            line.job.revision.chars().take(12).collect(),
            line.job.platform,
            "summary".to_owned(),
            shortened(&what.text(), 160),
        ]);
    }
    Ok(table.print("no failure lines")?)
}

/// What an error summary says about one failure.
struct Failure<'a> {
    action: &'a str,
    test: Option<&'a str>,
    subtest: Option<&'a str>,
    status: &'a str,
    expected: Option<&'a str>,
    message: Option<&'a str>,
}

impl Failure<'_> {
    fn text(&self) -> String {
        let mut parts = vec![match self.expected {
            Some(expected) => format!("{} (expected {expected})", self.status),
            None if self.status.is_empty() => self.action.to_owned(),
            None => self.status.to_owned(),
        }];
        parts.extend([self.test, self.subtest, self.message].into_iter().flatten().map(str::to_owned));
        parts.join(" | ")
    }
}
