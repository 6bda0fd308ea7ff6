//! Job messages: schema, validation, transformation to what is stored, state rules, scheduling (§4.7–4.10).

pub mod ids;
mod loaded;
mod log_status;
pub mod schedule;
pub mod state;

pub use loaded::{JobData, LoadedJob, LogReference, Platform};
pub use log_status::LogStatus;
pub use state::JobState;
