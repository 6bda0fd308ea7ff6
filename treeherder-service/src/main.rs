//! The `treeherder` binary: everything from Pulse messages to pages in one program.
//!
//! [`cli`] is the tree of commands, [`config`] the settings they share (flags and environment variables),
//! [`commands`] has one module for each command, [`roles`] is what a running process does, [`web`] answers HTTP requests. SQL, Pulse and log formats are behind `treeherder-ingest` and `treeherder-logparse`.

mod cli;
mod commands;
mod config;
mod data_dir;
mod doctor;
mod error;
mod logging;
mod output;
mod progress;
mod release;
mod roles;
mod shutdown;
mod supervise;
mod telemetry;
mod variables;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
