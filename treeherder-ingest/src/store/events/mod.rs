//! Live events as rows: what gives them their order and lets readers resume (`spec/bridge-l10n-platform.md` §4.2–4.3).

mod facts;
mod log;

pub use facts::{EventJob, EventPush, UnclassifiedCount};
