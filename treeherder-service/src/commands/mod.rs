//! One module for each command.

pub(crate) mod bridge;
pub(crate) mod cycle_data;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod failures;
pub(crate) mod ingest;
pub(crate) mod jobs;
pub(crate) mod migrate;
pub(crate) mod munin;
pub(crate) mod process;
pub(crate) mod pulse;
pub(crate) mod queues;
pub(crate) mod release;
pub(crate) mod replay;
pub(crate) mod repositories;
pub(crate) mod schedule;
pub(crate) mod scheduler;
pub(crate) mod serve;
pub(crate) mod services;
pub(crate) mod supervise;
pub(crate) mod tokens;
pub(crate) mod update_bugscache;
pub(crate) mod update_changelog;
pub(crate) mod update_file_components;
pub(crate) mod update_security_groups;
pub(crate) mod web;
