//! One module for each command.

pub(crate) mod demo;
pub(crate) mod failures;
pub(crate) mod ingest;
pub(crate) mod jobs;
pub(crate) mod migrate;
pub(crate) mod queues;
pub(crate) mod replay;
pub(crate) mod repositories;
pub(crate) mod serve;
pub(crate) mod tokens;
