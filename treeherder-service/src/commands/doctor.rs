//! `treeherder doctor`: what is wrong, and how to mend it.

use std::process::ExitCode;

use crate::config::StorageArgs;
use crate::doctor::{self, Finding, Level};
use crate::output::{self, Format, FormatArgs};

const EXAMPLES: &str = "\
Examples:
  treeherder doctor
  treeherder doctor --format json | jq '.findings[] | select(.level == \"problem\")'
  DATABASE_URL=postgres://th@db/th BROKER_URL=amqp://th:secret@broker/th treeherder doctor

It looks at settings, data folder, database, clocks, processes, queues and failed tasks, and changes nothing.
Exit status: 0 when nothing has to be mended, 1 when something has.";

/// Tell what is wrong with a deployment, and how to mend it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let findings = doctor::examine(&args.storage).await;
    let problems = count(&findings, Level::Problem);
    if args.format.format == Format::Json {
        output::json(&serde_json::json!({"healthy": problems == 0, "findings": findings}))?;
    } else {
        output::line(text(&findings).trim_end())?;
    }
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|finding| finding.level == level).count()
}

/// Writes the findings for people: one a line, with what to do below it.
fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let word = match finding.level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Problem => "PROBLEM",
        };
        text += &format!("{word:<8} {:<12} {}\n", finding.check, output::printable(&finding.message));
        if let Some(remedy) = &finding.remedy {
            text += &format!("{:<22}→ {}\n", "", output::printable(remedy));
        }
    }
    text + &match (count(findings, Level::Problem), count(findings, Level::Note)) {
        (0, 0) => "\nAll is well.".to_owned(),
        (0, notes) => format!("\nNothing has to be mended; {notes} to be known."),
        (problems, notes) => format!("\n{problems} to be mended, {notes} to be known."),
    }
}
