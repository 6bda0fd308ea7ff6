//! The tree of commands and their help.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};

use crate::commands::{
    bridge, cycle_data, demo, doctor, failures, ingest, jobs, migrate, munin, process, pulse, queues,
    release, replay, repositories, schedule, scheduler, serve, services, supervise, tokens, update_bugscache,
    update_changelog, update_file_components, update_security_groups, web,
};
use crate::config::LoggingArgs;
use crate::{error, logging, variables};

const EXAMPLES: &str = "\
Examples:
  treeherder demo                       a made-up CI history, ingested before your eyes
  treeherder migrate                    make or update the database
  treeherder serve --replay pulse.jsonl ingest recorded messages and answer on http://127.0.0.1:8000
  treeherder jobs --repository autoland --result testfailed
  treeherder failures 4711              the failure lines of job 4711
  treeherder parse live_backing.log.gz  no database needed

One process does everything (`serve`), or many do one thing each: `treeherder services list` names their types.
Every setting is a flag or an environment variable; `treeherder environment` lists the variables.
Exit status: 0 when all went well, 1 when something failed, 2 when the command line is wrong.";

/// Ingests pushes, tasks and logs of CI systems and shows what failed.
#[derive(Debug, Parser)]
#[command(name = "treeherder", version, after_help = EXAMPLES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    logging: LoggingArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Demo(demo::Args),
    Migrate(migrate::Args),
    Release(release::Args),
    Repositories(repositories::Args),
    Replay(replay::Args),
    Ingest(ingest::Args),
    Queues(queues::Args),
    Jobs(jobs::Args),
    Failures(failures::Args),
    Doctor(doctor::Args),
    Tokens(tokens::Args),
    Web(Box<web::Args>),
    Worker(process::AnyWorkerArgs),
    #[command(aliases = ["celery_scheduler", "celery-scheduler"])]
    Scheduler(scheduler::Args),
    Schedule(schedule::Args),
    Services(services::Args),
    Supervise(supervise::Args),
    Bridge(Box<bridge::Args>),
    Pulse(pulse::Args),
    #[command(name = "munin-plugin")]
    Munin(munin::Args),
    #[command(flatten)]
    Process(process::Process),
    #[command(name = "update_bugscache", alias = "update-bugscache")]
    UpdateBugscache(update_bugscache::Args),
    #[command(name = "update_bugzilla_security_groups", alias = "update-bugzilla-security-groups")]
    UpdateSecurityGroups(update_security_groups::Args),
    #[command(name = "update_files_bugzilla_map", alias = "update-files-bugzilla-map")]
    UpdateFileComponents(update_file_components::Args),
    #[command(name = "update_changelog", alias = "update-changelog")]
    UpdateChangelog(update_changelog::Args),
    #[command(name = "cycle_data", alias = "cycle-data")]
    CycleData(cycle_data::Args),
    Parse(treeherder_logparse::cli::Args),
    /// List the environment variables that set what flags set
    #[command(after_help = "Example:\n  treeherder environment > variables.md")]
    Environment,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    // Whatever speaks TLS later finds its provider here; it fails only if one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Cli { logging, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong(&error),
    };
    let result = match command {
        Command::Parse(args) => return treeherder_logparse::cli::run(&args),
        Command::Services(args) => services::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Environment => {
            print!("{}", variables::table());
            return ExitCode::SUCCESS;
        }
        Command::Demo(args) => {
            logging::start(&logging, logging::Quiet::Yes).and_then(|()| block_on(demo::run(args)))
        }
        command => logging::start(&logging, logging::Quiet::No).and_then(|()| block_on(run(command))),
    };
    match result {
        Ok(status) => status,
        Err(failure) => {
            eprintln!("treeherder: {}", error::sentence(&failure));
            ExitCode::FAILURE
        }
    }
}

/// Tells what is wrong with a command line, or shows the help that was asked for.
///
/// An unknown word is what the entry point of existing deployments says it is, with status 1 (`spec/api.md` §9.5).
fn wrong(error: &clap::Error) -> ExitCode {
    let word = error.get(ContextKind::InvalidSubcommand);
    if let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) = (error.kind(), word) {
        eprintln!("Unknown command: {word}");
        if let Some(ContextValue::Strings(similar)) = error.get(ContextKind::SuggestedSubcommand) {
            eprintln!("Did you mean {}?", similar.join(" or "));
        }
        eprintln!("`treeherder --help` lists the commands, `treeherder services list` the process types.");
        return ExitCode::FAILURE;
    }
    error.exit()
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(args) => serve::run(*args).await?,
        Command::Release(args) => release::run(args).await?,
        Command::Migrate(args) => migrate::run(args).await?,
        Command::Repositories(args) => repositories::run(args).await?,
        Command::Replay(args) => return replay::run(args).await,
        Command::Ingest(args) => return ingest::run(args).await,
        Command::Queues(args) => queues::run(args).await?,
        Command::Jobs(args) => jobs::run(args).await?,
        Command::Failures(args) => failures::run(args).await?,
        Command::Doctor(args) => return doctor::run(args).await,
        Command::Munin(args) => munin::run(args).await?,
        Command::Tokens(args) => tokens::run(args).await?,
        Command::Web(args) => web::run(*args).await?,
        Command::Supervise(args) => supervise::run(args).await?,
        Command::Bridge(args) => bridge::run(*args).await?,
        Command::Pulse(args) => pulse::run(args).await?,
        Command::Scheduler(args) => scheduler::run(args).await?,
        Command::Schedule(args) => schedule::run(args).await?,
        Command::Worker(args) => process::run(args.into_process()).await?,
        Command::Process(process) => process::run(process).await?,
        Command::UpdateBugscache(args) => update_bugscache::run(args).await?,
        Command::UpdateSecurityGroups(args) => update_security_groups::run(args).await?,
        Command::UpdateFileComponents(args) => update_file_components::run(args).await?,
        Command::UpdateChangelog(args) => update_changelog::run(args).await?,
        Command::CycleData(args) => cycle_data::run(args).await?,
        // Handled before logging starts.
        Command::Demo(_) | Command::Services(_) | Command::Parse(_) | Command::Environment => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A blocking read (a log under way) must not hold the exit up: its work item is still on its queue.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example"), "{path} --help has no example:\n{help}");
            for child in command.get_subcommands() {
                check(child, &format!("{path} {}", child.get_name()));
            }
        }
        check(&Cli::command(), "treeherder");
    }
}
