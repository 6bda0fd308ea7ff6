//! Finds what failed in CI logs; all of it is in [`treeherder_logparse::cli`].

use std::process::ExitCode;

use clap::FromArgMatches;
use treeherder_logparse::cli::{self, Args};

fn main() -> ExitCode {
    match Args::from_arg_matches(&cli::command().get_matches()) {
        Ok(args) => cli::run(&args),
        Err(error) => error.exit(),
    }
}
