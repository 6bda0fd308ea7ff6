//! Live events as rows: what gives them their order and lets readers resume (`spec/bridge-l10n-platform.md` §4.2–4.3).
//!
//! An event is written in the transaction that changes what it tells about, so that neither is ever without the other.

mod facts;
mod log;
mod relay;

pub use facts::{EventJob, EventPush, UnclassifiedCount};
pub(in crate::store) use facts::{jobs_told, read_event_jobs};
pub(in crate::store) use log::EventLog;
pub(in crate::store) use relay::add_exchange;
