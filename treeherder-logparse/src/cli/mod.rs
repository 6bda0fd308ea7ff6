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
//! Line numbers are counted from 1 in text, as editors and `grep -n` count them, and from 0 in JSON, as Treeherder
//! stores them.

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

pub use args::{Args, command};
pub use run::run;
