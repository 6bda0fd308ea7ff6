//! The `treeherder` program: everything from Pulse messages to pages in one binary.
//!
//! It is a library only so that cargo compiles it while it still generates the code of what it uses: for a program itself cargo
//! waits until all of that is done.
//!
//! `cli` is the tree of commands, `config` the settings they share (flags and environment variables),
//! `commands` has one module for each command, `roles` is what a running process does, `web` answers HTTP requests. SQL, Pulse and log formats are behind `treeherder-ingest` and `treeherder-logparse`.

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

pub use cli::main;
