//! What a process does: the roles, which one process plays all of or one each (`spec/bridge-l10n-platform.md` §5).
//!
//! [`ProcessType`] is the table of the process types of a larger deployment. Each of them plays one role, and `treeherder
//! serve` plays all of them with the same code: [`Listeners`] put what Pulse announces on the queues, [`Workers`] work on
//! queues, a [`scheduler`] publishes what is due, a
//! [`BridgeRole`] tells others about tasks, the web server answers. [`Database`] is what most of them stand on, with the queues in it or on RabbitMQ.

mod bridge;
mod database;
mod listen;
mod process_type;
mod schedule;
mod vitals;
mod web;
mod work;

pub(crate) use self::bridge::BridgeRole;
pub(crate) use self::database::{Database, check_addresses, host_without_tls, hostname};
pub(crate) use self::listen::{Listeners, queue_for_listeners};
pub(crate) use self::process_type::{Duty, ProcessType};
pub(crate) use self::schedule::{entries_inside, scheduler};
pub(crate) use self::vitals::Vitals;
pub(crate) use self::web::WebParts;
pub(crate) use self::work::{Workers, client, pipeline, pipeline_options};
