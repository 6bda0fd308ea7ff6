//! The `logparse` command: failure lines and performance data of logs, for people and for programs.
//!
//! The module holds the whole command, so that another program can offer it as one of its subcommands:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use clap::{Parser, Subcommand};
//!
//! #[derive(Parser)]
//! struct Program {
//!     #[command(subcommand)]
//!     command: Command,
//! }
//!
//! #[derive(Subcommand)]
//! enum Command {
//!     Parse(treeherder_logparse::cli::Args),
//! }
//!
//! fn main() -> ExitCode {
//!     match Program::parse().command {
//!         Command::Parse(args) => treeherder_logparse::cli::run(&args),
//!     }
//! }
//! ```
//!
//! # Output
//!
//! Text is `FILE:LINE: TEXT`, which editors and terminals make a link of; with `--context`, lines around a failure line
//! are `FILE-LINE- TEXT` and `--` stands between groups, as `grep -C` has it. Line numbers are counted from 1 here, as
//! editors and `grep -n` count them. Terminal commands in a log are removed.
//!
//! `--format json` writes one object a line and input; line numbers are counted from 0, as Treeherder stores them:
//!
//! | key | value |
//! |---|---|
//! | `source` | the input as the command line named it |
//! | `errors` | failure lines: `linenumber`, `line`, `offset` (of the line in the decoded log, in bytes) |
//! | `performance_data` | the valid performance data objects, in order |
//! | `problems` | performance data that cannot be used: `linenumber`, `offset`, `message` |
//! | `lines`, `bytes` | the length of the decoded log |
//! | `truncated` | the gzip data ends too early; what there was is in the other keys |
//! | `error` | why the input could not be read to its end; absent when it could |
//!
//! With `--errorsummary` the object has `failure_lines` and `group_results` in place of `errors` and `performance_data`,
//! and `truncated` also tells that there are more failure lines than were asked for.
//!
//! Failure lines are written while the log is read, so they take no memory however many there are; that is why the sums
//! come last.

mod args;
mod errorsummary;
mod generate;
mod log;
mod order;
mod parse;
mod print;
mod progress;
mod rules;
mod run;
mod source;
mod told;

pub use args::{Args, command};
pub use run::run;
