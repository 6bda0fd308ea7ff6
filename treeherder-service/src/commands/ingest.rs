//! `treeherder ingest`: one thing by hand (`spec/ingest.md` §3.11).

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};
use treeherder_ingest::http::Client;
use treeherder_ingest::job::LogStatus;
use treeherder_ingest::pipeline::{Handled, LogPriority, LogResult, Pipeline, PipelineError, WorkItem};
use treeherder_ingest::push::manual::{
    GITHUB_PULL_REQUEST_EXCHANGE, GITHUB_PUSH_EXCHANGE, github_push_message, last_pushes,
    pull_request_message,
};
use treeherder_ingest::push::{PushOutcome, PushlogPoll, Upstream, poll_pushlog};
use treeherder_ingest::store::entity::repository;
use treeherder_ingest::store::{JobFilter, Store};
use treeherder_ingest::task::service_url;

use crate::config::{IngestArgs, NetworkArgs, StorageArgs};
use crate::output;
use crate::roles::{self, Database};

const EXAMPLES: &str = "\
Examples:
  treeherder ingest task DtINt6EHQKScCX8bG4cdEw
  treeherder ingest push autoland 97a58cf7095472aacb88f08c1219aa3d0d06aa65
  treeherder ingest push mozilla-central --last 10
  treeherder ingest pull-request https://github.com/mozilla-mobile/firefox-ios/pull/1
  treeherder ingest log 4711";

/// Ingest one task, push, pull request or the logs of one job, now
///
/// It works beside a running `treeherder serve`, past the queues, and tells what became of it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    ingest: IngestArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Task(TaskArgs),
    Push(PushArgs),
    PullRequest(PullRequestArgs),
    Log(LogArgs),
}

/// Ingest the runs of a task, with its push if that is missing, and parse their logs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  treeherder ingest task DtINt6EHQKScCX8bG4cdEw --root-url https://community-tc.services.mozilla.com"
)]
struct TaskArgs {
    /// Id of the task
    task_id: String,
    /// Taskcluster deployment that runs it
    #[arg(long, value_name = "URL", default_value = "https://firefox-ci-tc.services.mozilla.com")]
    root_url: String,
    #[command(flatten)]
    common: Common,
}

/// Ingest a push, or the last ones of a Mercurial repository
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  treeherder ingest push autoland 97a58cf7095472aacb88f08c1219aa3d0d06aa65\n  treeherder ingest push mozilla-central --last 10"
)]
struct PushArgs {
    /// Name of the repository
    project: String,
    /// Full id of the push's head commit
    #[arg(required_unless_present = "last", conflicts_with = "last")]
    revision: Option<String>,
    /// The last N pushes (Mercurial only)
    #[arg(long, value_name = "N")]
    last: Option<u32>,
    /// Branch it was pushed to (GitHub only) [default: the repository's branch rule, or main]
    #[arg(long)]
    branch: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Ingest a pull request of GitHub
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  treeherder ingest pull-request https://github.com/mozilla-mobile/firefox-ios/pull/1"
)]
struct PullRequestArgs {
    /// Its address
    url: String,
    #[command(flatten)]
    common: Common,
}

/// Fetch and parse the logs and artifacts of a job that are not parsed yet
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  treeherder ingest log 4711\n  treeherder ingest log 4711 --again")]
struct LogArgs {
    /// Id of the job, as `treeherder jobs` shows it
    job: i64,
    /// Those that are parsed or failed already, too
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    common: Common,
}

/// What the commands work with.
struct Tools {
    store: Store,
    client: Client,
    upstream: Upstream,
    pipeline: Pipeline,
}

impl Tools {
    async fn new(common: &Common) -> anyhow::Result<Self> {
        let database = Database::open(&common.storage).await?;
        let client = roles::client(&database, &common.network).await?;
        let upstream = Upstream::new(client.clone(), common.network.upstream_options())?;
        let pipeline =
            roles::pipeline(&database, &common.network, roles::pipeline_options(&common.ingest)).await?;
        Ok(Self { store: database.store, client, upstream, pipeline })
    }

    async fn repository(&self, name: &str) -> anyhow::Result<repository::Model> {
        let found = self.store.repository_by_name(name).await?;
        found.with_context(|| {
            format!("there is no repository {name:?}; `treeherder repositories list` names them")
        })
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let failed = match args.command {
        Command::Task(args) => task(&args).await?,
        Command::Push(args) => push(&args).await?,
        Command::PullRequest(args) => pull_request(&args).await?,
        Command::Log(args) => {
            let tools = Tools::new(&args.common).await?;
            parse_logs(&tools, args.job, args.again).await?
        }
    };
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Ingests the runs of a task, the last one first, so that older ones become retries.
async fn task(args: &TaskArgs) -> anyhow::Result<bool> {
    let tools = Tools::new(&args.common).await?;
    let url = service_url(&args.root_url, "queue", "v1", &format!("task/{}/status", args.task_id));
    let answer: Value = tools
        .client
        .get_json(&url)
        .await
        .with_context(|| format!("cannot ask about task {}", args.task_id))?;
    let status = &answer["status"];
    let runs = status["runs"].as_array().cloned().unwrap_or_default();
    let mut events: Vec<(String, Value)> = runs
        .iter()
        .rev()
        .map(|run| {
            let state = run["state"].as_str().unwrap_or("pending").to_owned();
            (state, json!({"status": status, "runId": run["runId"], "version": 1}))
        })
        .collect();
    if events.is_empty() {
        events.push(("defined".to_owned(), json!({"status": status, "version": 1})));
    }
    let mut failed = false;
    for (state, body) in events {
        let item = WorkItem::StorePulseTasks {
            exchange: format!("exchange/taskcluster-queue/v1/task-{state}"),
            routing_key: format!("primary.{}", args.task_id),
            root_url: args.root_url.clone(),
            body,
        };
        failed |= store_run(&tools, &item, &state).await?;
    }
    Ok(failed)
}

/// Stores one run as a job and parses its logs; true when some log failed.
async fn store_run(tools: &Tools, item: &WorkItem, state: &str) -> anyhow::Result<bool> {
    let handled = match tools.pipeline.handle(item).await {
        Err(PipelineError::MissingPush { repository, revision, .. }) => {
            output::line(&format!("push {revision} of {repository} is missing, ingesting it first"))?;
            store_push(tools, &tools.repository(&repository).await?, &revision, None).await?;
            tools.pipeline.handle(item).await?
        }
        handled => handled?,
    };
    match handled {
        Handled::Job { guid, .. } => {
            let filter = JobFilter { guid: Some(guid.clone()), limit: 1, ..JobFilter::default() };
            let Some(job) = tools.store.jobs(&filter).await?.pop() else {
                output::line(&format!("job {guid} is not stored: a later run has taken its place"))?;
                return Ok(false);
            };
            let job = job.row;
            output::line(&format!(
                "job {}: {guid}, {} {}, {}",
                job.id, job.state, job.result, job.job_type_name
            ))?;
            parse_logs(tools, job.id, false).await
        }
        Handled::Dropped { reason, .. } => {
            output::line(&format!("{state} run dropped: {reason}"))?;
            Ok(false)
        }
        other => {
            output::line(&format!("{other:?}"))?;
            Ok(false)
        }
    }
}

async fn push(args: &PushArgs) -> anyhow::Result<bool> {
    let tools = Tools::new(&args.common).await?;
    let repository = tools.repository(&args.project).await?;
    let Some(revision) = &args.revision else {
        anyhow::ensure!(
            repository.dvcs_type == "hg",
            "--last is for Mercurial repositories; {} is on GitHub",
            args.project
        );
        let poll = PushlogPoll::new(repository.id, &repository.name, &repository.url);
        let poll = last_pushes(&tools.upstream, poll, args.last.unwrap_or(1)).await?;
        let head = poll_pushlog(&tools.upstream, &tools.store, &tools.store, poll).await?;
        output::line(&head.map_or_else(
            || format!("{} has no pushes there", args.project),
            |head| format!("pushes of {} are stored up to {head}", args.project),
        ))?;
        return Ok(false);
    };
    store_push(&tools, &repository, revision, args.branch.as_deref()).await?;
    Ok(false)
}

async fn store_push(
    tools: &Tools,
    repository: &repository::Model,
    revision: &str,
    branch: Option<&str>,
) -> anyhow::Result<()> {
    if repository.dvcs_type == "hg" {
        let mut poll = PushlogPoll::new(repository.id, &repository.name, &repository.url);
        poll.changeset = Some(revision);
        let head = poll_pushlog(&tools.upstream, &tools.store, &tools.store, poll).await?;
        let head = head.with_context(|| format!("{} has no push {revision}", repository.name))?;
        output::line(&format!("push {head} of {} is stored", repository.name))?;
        return Ok(());
    }
    let rules = tools.store.active_repositories_by_url(&repository.url).await?;
    let rule = rules.into_iter().find(|rules| rules.repository.id == repository.id);
    let rule = rule.and_then(|rules| rules.branches.into_iter().find(|branch| !branch.ends_with('*')));
    let branch = branch.map(str::to_owned).or(rule).unwrap_or_else(|| "main".to_owned());
    let body = github_push_message(&tools.upstream, &repository.url, &branch, revision).await?;
    store_message(tools, GITHUB_PUSH_EXCHANGE, body).await
}

async fn pull_request(args: &PullRequestArgs) -> anyhow::Result<bool> {
    let body = pull_request_message(&args.url)?;
    let tools = Tools::new(&args.common).await?;
    store_message(&tools, GITHUB_PULL_REQUEST_EXCHANGE, body).await?;
    Ok(false)
}

async fn store_message(tools: &Tools, exchange: &str, body: Value) -> anyhow::Result<()> {
    let item = WorkItem::StorePulsePushes {
        body,
        exchange: exchange.to_owned(),
        routing_key: String::new(),
        root_url: String::new(),
    };
    match tools.pipeline.handle(&item).await? {
        Handled::Push(PushOutcome::Stored { repository, revisions }) => {
            output::line(&format!("push {} of {repository} is stored", revisions.join(", ")))?;
            Ok(())
        }
        Handled::Push(PushOutcome::UnknownRepository { url }) => {
            anyhow::bail!("no active repository at {url} takes it; `treeherder repositories list` shows them")
        }
        Handled::Push(PushOutcome::AmbiguousRepository { url, candidates }) => {
            anyhow::bail!("more than one repository at {url} would take it: {}", candidates.join(", "))
        }
        other => anyhow::bail!("the push was not stored: {other:?}"),
    }
}

/// Parses the logs and artifacts of a job; true when one could not be parsed.
async fn parse_logs(tools: &Tools, job_id: i64, again: bool) -> anyhow::Result<bool> {
    let logs = tools.store.all_job_logs(job_id).await?;
    if logs.is_empty() {
        let filter = JobFilter { id: Some(job_id), limit: 1, ..JobFilter::default() };
        let known = !tools.store.jobs(&filter).await?.is_empty();
        anyhow::ensure!(known, "there is no job {job_id}; `treeherder jobs` lists them");
        output::line("  no logs")?;
    }
    let mut failed = false;
    for log in logs {
        if again {
            tools.store.set_log_status(log.id, LogStatus::Pending).await?;
        }
        let job_log_ids = vec![i64::from(log.id)];
        let is_log = matches!(log.name.as_str(), "live_backing_log" | "errorsummary_json");
        let item = if is_log || !log.name.starts_with("perfherder") {
            WorkItem::LogParser { job_id, job_log_ids, priority: LogPriority::Normal }
        } else {
            WorkItem::IngestPerfherderData { job_id, job_log_ids }
        };
        let told = match tools.pipeline.handle(&item).await {
            Ok(Handled::Logs(outcomes)) => {
                let results = outcomes.iter().map(|outcome| &outcome.result);
                failed |= results.clone().any(|result| matches!(result, LogResult::Failed { .. }));
                results.map(told).collect::<Vec<_>>().join(", ")
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => {
                failed = true;
                error.to_string()
            }
        };
        output::line(&output::printable(&format!("  {}: {told}", log.name)))?;
    }
    Ok(failed)
}

fn told(result: &LogResult) -> String {
    match result {
        LogResult::Skipped(status) => match status {
            LogStatus::Parsed => "parsed already".to_owned(),
            LogStatus::Failed => "failed before; --again tries it once more".to_owned(),
            other => format!("nothing to do ({other:?})"),
        },
        LogResult::Parsed { failure_lines, lines, bytes, truncated, .. } => {
            let cut = if *truncated { ", ends early" } else { "" };
            format!("{failure_lines} failure lines in {lines} lines, {:.2} MB{cut}", *bytes as f64 / 1e6)
        }
        LogResult::ErrorSummary(stored) => format!(
            "{} failure lines and {} group results, {} lines known before",
            stored.failure_lines, stored.group_statuses, stored.known_lines
        ),
        LogResult::Performance(stored) => format!("{} data points", stored.data),
        LogResult::Empty => "empty".to_owned(),
        LogResult::Failed { error, .. } => format!("failed: {error}"),
        other => format!("{other:?}"),
    }
}
