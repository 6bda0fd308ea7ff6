//! From Pulse messages to stored pushes, jobs, failure lines and performance data.
//!
//! The way of the data (`docs/ARCHITECTURE.md` tells it in prose):
//!
//! * [`pulse`] receives deliveries and puts each on an internal queue, nothing else;
//! * [`queue`] holds work items until their effect is committed, retries them and keeps what cannot be processed;
//! * [`push`] turns push messages into pushes, [`task`] turns task events into job messages and [`job`]
//!   turns job messages into jobs with their log references;
//! * [`bridge`] publishes job messages made of task events for others;
//! * [`log`] fetches, inflates and scans the logs with `treeherder-logparse`; [`perf`] prepares what they measured;
//! * [`bugzilla`] copies bugs from there and files some, [`suggestions`] finds bugs for failure lines;
//! * [`changelog`] copies what changed in the projects that measurements depend on;
//! * [`events`] tells those who look at the result that something has changed;
//! * [`store`] is the only module that talks to the database about them;
//! * [`http`] is the only way out to the network;
//! * [`cycle`] removes what is too old;
//! * [`schedule`] puts the periodic work items on the queues when their time has come;
//! * [`monitor`] tells what processes and tasks do;
//! * [`pipeline`] ties the work items of the queues to the modules above.
#![recursion_limit = "256"]

pub mod bridge;
pub mod bugzilla;
pub mod changelog;
pub mod cycle;
pub mod events;
pub mod http;
pub mod job;
pub mod log;
pub mod monitor;
pub mod perf;
pub mod pipeline;
pub mod pulse;
pub mod push;
pub mod queue;
pub mod schedule;
pub mod store;
pub mod suggestions;
pub mod task;
mod writer;
