//! The bridge: task events become job messages for whoever listens (`spec/bridge-l10n-platform.md` §1).
//!
//! A [`Bridge`] takes task events from a [`Source`](crate::pulse::Source), asks Taskcluster's queue for definitions and
//! artifacts, and publishes a [`PulseJob`] or two for each through a [`JobPublisher`]. It stores nothing. What it cannot
//! publish is logged, counted ([`BridgeCounters`]) and kept for a while ([`ProblemLog`]).
//!
//! [`BridgeSettings`] reads its environment; [`reference_files`] are the documents that describe what it publishes.
//! [`job_of_delivery`] is the other end: it makes jobs of the messages of any bridge. [`inspect`] shows what an exchange
//! hands out.

mod amqp;
mod build;
mod consume;
mod counters;
mod error;
mod handler;
mod inspect;
mod links;
mod message;
mod options;
mod origin;
mod problems;
mod publication;
mod reference;
mod route;
mod run;
mod schema;
mod settings;
mod task_config;
mod turns;

pub use amqp::AmqpPublisher;
pub use consume::{is_job_exchange, job_of_delivery, job_of_message, jobs_binding};
pub use counters::{BridgeCounters, COUNTER_PREFIX, HandlingTime};
pub use error::{BridgeError, UnpublishedCause};
pub use handler::{Bridge, Handled, Skipped};
pub use inspect::{inspect, inspection_source};
pub use message::{PulseDisplay, PulseJob, PulseLog, PulseStep, PulseStepError};
pub use options::{BridgeOptions, CLASSIC_LOG_NAME, DESTINATIONS, MODERN_LOG_NAME};
pub use origin::{PulseOrigin, Revision};
pub use problems::{Problem, ProblemLog, ProblemPlace};
pub use publication::{
    InvalidRoutingKey, JOBS, JobPublisher, MemoryPublisher, Publication, PublishError, RoutingKey,
};
pub use reference::{ReferenceFile, exchanges_reference, reference_files, write_references};
pub use route::{JobRoute, RouteForms, RouteId, RouteOrigin, UnrecognizedRoute};
pub use run::RunOptions;
pub use schema::{job_schema, task_config_schema};
pub use settings::{BridgeSettings, BridgeSettingsError, PRODUCTION_NAMESPACE, Profile};
