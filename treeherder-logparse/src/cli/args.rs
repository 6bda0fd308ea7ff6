//! The command line.

use std::{ffi::OsString, num::NonZeroUsize};

use clap::{CommandFactory, Parser, ValueEnum};
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  logparse live_backing.log.gz              failure lines of a log, Treeherder's rules
  logparse -C 3 --max-errors none *.log.gz  all of them, with three lines around each
  gh run view 1234 --log | logparse --rules github-actions --rules pytest
  cargo test 2>&1 | logparse --rules cargo-test
  logparse --format json https://example.org/live_backing.log | jq '.errors[].line'
  logparse --show-rules pytest > mine.toml  a ruleset to start one's own from
  logparse --rules mine.toml build.log

Exit status: 0 when no failure line was found, 1 when there were some (or a failed group, with --errorsummary), 2 when \
an input could not be read or the command line is wrong. An output that nobody reads to its end changes nothing.";

/// Finds what failed in CI logs: the failure lines and performance data of each log, gzipped or not.
///
/// Logs are read as streams in a few megabytes of memory, however long they are; a line of performance data takes up to
/// sixteen times its length while it is read. In text, line numbers are counted from
/// 1; in JSON they are counted from 0, as Treeherder stores them.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Logs to read: files, http(s) URLs, `-` for the standard input [default: -]
    #[arg(value_name = "FILE|URL|-")]
    pub(super) inputs: Vec<OsString>,

    /// Rules that say what a failure line is: the name of a shipped ruleset or a TOML file
    ///
    /// Given several times, the rulesets become one: what any of them strips from the start of a line is stripped for all,
    /// then a line is a failure line when one of them says so; a line that one of them excludes is not shown to those
    /// after it. The most generous limits hold. In all there are at most 8 stages and 32 strips.
    #[arg(
        short,
        long,
        value_name = "NAME|FILE",
        default_value = "treeherder",
        help_heading = "What to find"
    )]
    pub(super) rules: Vec<OsString>,

    /// Report at most N failure lines of each input, or all of them with `none` [default: what the ruleset says]
    ///
    /// With 0 none are looked for, and the exit status says nothing of failures. With `--errorsummary` the default is 150,
    /// and where there are more, one line says so.
    #[arg(short, long, value_name = "N|none", value_parser = parse_limit, help_heading = "What to find")]
    pub(super) max_errors: Option<Limit>,

    /// The inputs are structured error summaries (one JSON object a line), not logs
    #[arg(long, conflicts_with_all = ["rules", "context"], help_heading = "What to find")]
    pub(super) errorsummary: bool,

    /// Form of the output; JSON is one object a line and input
    ///
    /// Its keys are `source`, `errors` (`linenumber`, `line`, `offset`), `performance_data`, `problems`, `lines`, `bytes`,
    /// `truncated` and, for an input that could not be read to its end, `error`. With `--errorsummary`, `failure_lines` and
    /// `group_results` take the place of `errors` and `performance_data`.
    #[arg(short, long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(super) format: Format,

    /// Show N lines before and after each failure line
    #[arg(
        short = 'C',
        long,
        value_name = "N",
        default_value_t = 0,
        value_parser = clap::value_parser!(u16).range(0..=1000),
        help_heading = "Output"
    )]
    pub(super) context: u16,

    /// When to use colours; `auto` also obeys `NO_COLOR`
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, help_heading = "Output")]
    pub(super) color: Color,

    /// Read this many inputs at a time; the output keeps their order [default: one for each processor]
    #[arg(short = 'j', long, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,

    /// List the shipped rulesets
    #[arg(long, exclusive = true, help_heading = "Instead of reading logs")]
    pub(super) list_rules: bool,

    /// Print a shipped ruleset, a starting point for one's own
    #[arg(long, value_name = "NAME", exclusive = true, help_heading = "Instead of reading logs")]
    pub(super) show_rules: Option<String>,

    /// Print completions for a shell
    #[arg(long, value_name = "SHELL", exclusive = true, help_heading = "Instead of reading logs")]
    pub(super) completions: Option<Shell>,

    /// Print the manual page
    #[arg(long, exclusive = true, help_heading = "Instead of reading logs")]
    pub(super) man: bool,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// `FILE:LINE: TEXT`, one failure line a line.
    Text,
    /// One object for each input.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How many failure lines to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit(pub(super) Option<usize>);

fn parse_limit(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    text.parse().map(|max| Limit(Some(max))).map_err(|_| "expected a number or `none`".to_owned())
}

#[derive(Parser)]
#[command(name = "logparse", version)]
struct Program {
    #[command(flatten)]
    args: Args,
}

/// Returns the command line of the `logparse` program, to parse arguments with or to describe it.
#[must_use]
pub fn command() -> clap::Command {
    Program::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn the_limit_is_a_number_or_none() {
        assert_eq!(parse_limit("none"), Ok(Limit(None)));
        assert_eq!(parse_limit("7"), Ok(Limit(Some(7))));
        assert!(parse_limit("-1").is_err());
        assert!(parse_limit("all").is_err());
    }
}
